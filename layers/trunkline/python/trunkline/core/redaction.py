"""Redaction of secrets and phone numbers in text. Pure."""

from __future__ import annotations

import re

from trunkline.core.text_lines import INVISIBLE

HIDDEN = "[redacted]"
"""In place of a secret within a text."""

HIDDEN_VALUE = "[hidden]"
"""In place of a whole stored value that is never shown; a client that sends it back keeps that value."""

# The beginning of a token counts as one, so that what was read is never tried again: linear for any text.
_SECRETS = re.compile(
    r"whsec_[A-Za-z0-9+/=]+|as_(live|test)_[0-9A-Za-z]+|(?<=[Bb]earer )[\w.~+/=-]+"
    r"|eyJ[\w-]{8,}+(\.[\w-]++\.[\w-]*+)?|(?<=session=)[\w-]+"
)
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}(?![0-9])")
_ANY_NUMBER = re.compile(rf"(\+?)\d[\d\s()./{INVISIBLE}-]{{4,30}}\d")
_VISIBLE_DIGITS = 4
_READ_CHARACTERS, _SHOWN_CHARACTERS = 2_000, 100
# Parts of the API's paths and ids; anything else may be personal data or a misplaced key.
_PLAIN = re.compile(
    r"[a-z][a-z-]{0,30}|v1|[0-9a-fA-F-]{36}|(trunk|trunk_test|wh|dlv|key|AD)_[0-9A-Za-z]{1,40}"
)


def redact_secrets(text: str) -> str:
    """Replace keys, tokens, webhook secrets and session cookies."""
    return _SECRETS.sub(HIDDEN, text)


def redact_for_logs(text: str) -> str:
    """Replace secrets, and all but the last digits of phone numbers."""
    return _NUMBER.sub(lambda number: f"+…{number[0][-_VISIBLE_DIGITS:]}", redact_secrets(text))


def shown_value(text: str) -> str:
    """Shorten a refused value to what its owner needs to find it: secrets are hidden, and all but the last
    digits of what may be a phone number, in any spelling."""

    def hide(number: re.Match[str]) -> str:
        digits = re.sub(r"\D", "", number[0])
        return f"{number[1]}…{digits[-_VISIBLE_DIGITS:]}"

    # What is shown is cut last: half a token or number would no longer be recognised as one.
    shown = _ANY_NUMBER.sub(hide, redact_secrets(text.strip()[:_READ_CHARACTERS]))
    return "".join(map(_visible, shown[:_SHOWN_CHARACTERS]))[:_SHOWN_CHARACTERS]


def _visible(letter: str) -> str:
    """Write a character that nobody sees as its escape: it may be what is wrong with the value."""
    return letter if letter.isprintable() else f"\\u{ord(letter):04x}"


def route_template(path: str) -> str:
    """Replace the parts of a path that are not words or ids of the API by `*`."""
    return "/".join(part if not part or _PLAIN.fullmatch(part) else "*" for part in path.split("/"))
