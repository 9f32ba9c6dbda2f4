"""Takes secrets out of what an endpoint answered, before it is kept. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

_HIDDEN = "[redacted]"
_SECRETS = re.compile(r"whsec_[A-Za-z0-9+/=]+|as_(live|test)_[0-9A-Za-z]+|(?<=[Bb]earer )[\w.~+/=-]+")
_MIN_LENGTH = 6


def redacted(body: bytes, secrets: Iterable[str]) -> str:
    """Read a body as text, without control characters, and without these secrets and what looks like one."""
    text = body.decode(errors="replace")
    for secret in secrets:
        if len(secret) >= _MIN_LENGTH:
            text = text.replace(secret, _HIDDEN)
    text = _SECRETS.sub(_HIDDEN, text)
    return "".join(letter for letter in text if letter.isprintable() or letter in "\n\t")
