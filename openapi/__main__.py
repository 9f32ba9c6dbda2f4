"""`python -m openapi`: writes `docs/openapi.json`; `make openapi`."""

from __future__ import annotations

from openapi.document import FILE, as_text

if __name__ == "__main__":
    FILE.write_text(as_text())
