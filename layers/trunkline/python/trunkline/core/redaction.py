"""Hides what looks like a secret, and most of a phone number. Pure."""

from __future__ import annotations

import re

HIDDEN = "[redacted]"
_SECRETS = re.compile(
    r"whsec_[A-Za-z0-9+/=]+|as_(live|test)_[0-9A-Za-z]+|(?<=[Bb]earer )[\w.~+/=-]+"
    r"|eyJ[\w-]{8,}\.[\w-]+\.[\w-]*|(?<=session=)[\w-]+"
)
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}(?![0-9])")
_SHOWN = 4
# Parts of our own paths, ids of all kinds; anything else may be a person's, or a key gone astray.
_PLAIN = re.compile(
    r"[a-z][a-z-]{0,30}|v1|[0-9a-fA-F-]{36}|(trunk|trunk_test|wh|dlv|key|AD)_[0-9A-Za-z]{1,40}"
)


def redact_secrets(text: str) -> str:
    """The text without keys, tokens, webhooks' secrets and cookies."""
    return _SECRETS.sub(HIDDEN, text)


def redact_for_logs(text: str) -> str:
    """The text without secrets, and with the last digits alone of phone numbers."""
    return _NUMBER.sub(lambda number: f"+…{number[0][-_SHOWN:]}", redact_secrets(text))


def route_template(path: str) -> str:
    """A path with our own words and ids; what else is in it is not ours to keep."""
    return "/".join(part if not part or _PLAIN.fullmatch(part) else "*" for part in path.split("/"))
