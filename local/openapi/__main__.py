"""`python -m local.openapi`: write `docs/openapi.json` anew; `make openapi`."""

from __future__ import annotations

from pathlib import Path

from local.openapi.document import FILE, as_text


def main(file: Path = FILE) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(as_text())


if __name__ == "__main__":
    main()
