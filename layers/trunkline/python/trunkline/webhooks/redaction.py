"""Removal of secrets from an endpoint's response before it is stored. Pure."""

from __future__ import annotations

import codecs
from collections.abc import Iterable

from trunkline.core.redaction import HIDDEN, redact_secrets

_MIN_LENGTH = 6
_UTF8 = codecs.getincrementaldecoder("utf-8")


def redact(body: bytes, secrets: Iterable[str], *, is_cut: bool = False) -> str:
    """Return a body as text without control characters, these secrets and text that looks like a secret.

    `is_cut` says that only the beginning of the body was read: a secret may begin at its end.
    """
    # First: a secret with a control character inside would be whole again afterwards.
    decoded = _UTF8("replace").decode(body, final=not is_cut)
    text = "".join(letter for letter in decoded if letter.isprintable() or letter in "\n\t")
    hidden = [secret for secret in secrets if len(secret) >= _MIN_LENGTH]
    for secret in hidden:
        text = text.replace(secret, HIDDEN)
    if is_cut:
        text = text[: len(text) - max((_begun(text, secret) for secret in hidden), default=0)]
    return redact_secrets(text)


def _begun(text: str, secret: str) -> int:
    """Return how many characters of a secret a text ends with."""
    return next((size for size in range(len(secret) - 1, 0, -1) if text.endswith(secret[:size])), 0)
