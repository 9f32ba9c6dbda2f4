"""Removal of secrets from an endpoint's response before it is stored. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from trunkline.core.redaction import HIDDEN, redact_secrets

_MIN_LENGTH = 6


def redact(body: bytes, secrets: Iterable[str]) -> str:
    """Return a body as text without control characters, these secrets and text that looks like a secret."""
    text = body.decode(errors="replace")
    for secret in secrets:
        if len(secret) >= _MIN_LENGTH:
            text = text.replace(secret, HIDDEN)
    text = redact_secrets(text)
    return "".join(letter for letter in text if letter.isprintable() or letter in "\n\t")
