"""Secrets in files: what the search of `make lint` finds beside the formats that others made."""

from __future__ import annotations

from pathlib import Path

from audit import secrets
from trunkline.auth.api_key import new_api_key


def test_a_real_key_is_found_and_shown_in_part(tmp_path: Path) -> None:
    key = new_api_key(livemode=True)
    file = tmp_path / "settings.py"
    file.write_text(f'KEY = "{key}"')
    (found,) = secrets.our_keys([file])
    assert found.where == str(file)
    assert key not in str(found)


def test_an_example_without_a_checksum_is_none(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    file.write_text(f"as_live_{'x' * 38} as_live_short")
    assert secrets.our_keys([file]) == []


def test_new_files_are_searched_and_hashes_are_not() -> None:
    files = secrets.searched_files()
    assert "audit/secrets.py" in files
    assert "requirements/dev.lock" not in files
