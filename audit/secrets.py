"""Secrets in the files of the repository: by form and entropy (detect-secrets), and our own API keys.

Names such as `password = "…"` are left to ruff's rules S105 to S107: in pages and tests they are examples.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from audit.tools import ROOT, Finding, python_tool, read_json, run
from trunkline.auth.api_key import is_well_formed

_OPTIONS = ("--no-verify", "--disable-plugin", "KeywordDetector")
_OUR_KEY = re.compile(r"as_(?:live|test)_[0-9A-Za-z]{38}")
_HASHES = (".lock", "package-lock.json", ".svg")
"""Files of hashes, and of coordinates."""


def searched_files() -> list[str]:
    """Return the files of the repository that are searched, also those that are not committed yet."""
    listed = run(["git", "ls-files", "--cached", "--others", "--exclude-standard"]).splitlines()
    return [name for name in listed if not name.endswith(_HASHES) and (ROOT / name).is_file()]


def find_secrets() -> list[Finding]:
    """Search all files."""
    files = searched_files()
    found = read_json(python_tool("detect-secrets", "scan", *_OPTIONS, *files))["results"]
    known_forms = [
        Finding(
            "detect-secrets", each["type"], f"{name} {each['hashed_secret']}", f"line {each['line_number']}"
        )
        for name, secrets in found.items()
        for each in secrets
    ]
    return known_forms + our_keys(ROOT / name for name in files)


def our_keys(files: Iterable[Path]) -> list[Finding]:
    """Find API keys of Trunkline: an example has no right checksum."""
    return [
        Finding("trunkline", "API key", str(file), f"{key[:12]}…")
        for file in files
        for key in _OUR_KEY.findall(file.read_text(errors="ignore"))
        if is_well_formed(key)
    ]
