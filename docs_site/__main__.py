"""`python -m docs_site`: builds the documentation's site; `make docs`."""

from __future__ import annotations

import sys

from docs_site.build import BuildFailed, build


def main() -> int:
    """Build the site, and say where it is."""
    try:
        built = build()
    except BuildFailed as error:
        print(f"✗ the documentation was not built:\n{error}", file=sys.stderr)  # noqa: T201
        return 1
    said = (
        f"{built.pages} pages in {built.folder}; no link leads nowhere, nothing is loaded from another host."
    )
    print(said)  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
