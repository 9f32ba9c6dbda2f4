"""Removal of secrets from an endpoint's response before it is stored. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from trunkline.core.redaction import HIDDEN, redact_secrets

_MIN_LENGTH = 6


def redact(body: bytes, secrets: Iterable[str]) -> str:
    """Return a body as text without control characters, these secrets and text that looks like a secret."""
    # First: a secret with a control character inside would be whole again afterwards.
    decoded = body.decode(errors="replace")
    text = "".join(letter for letter in decoded if letter.isprintable() or letter in "\n\t")
    for secret in secrets:
        if len(secret) >= _MIN_LENGTH:
            text = text.replace(secret, HIDDEN)
    return redact_secrets(text)
