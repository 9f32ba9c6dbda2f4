"""Ids in the format of LiveKit."""

from __future__ import annotations

import secrets
import string

_ALPHABET = string.ascii_letters + string.digits
_LENGTH = 12


def new_id(prefix: str) -> str:
    """Return a prefix, an underscore and twelve random letters and digits."""
    return f"{prefix}_{''.join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))}"
