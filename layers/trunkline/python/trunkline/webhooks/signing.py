"""Secrets and signatures of webhooks, in two schemes. Pure.

Trunkline's own (`docs/webhooks.md`): the key is the whole text `whsec_…`, with one `v1` in hexadecimal.
Standard Webhooks (https://www.standardwebhooks.com): the key is the base64 after `whsec_`, and several
signatures are separated by spaces.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence

PREFIX = "whsec_"
_SECRET_BYTES = 24


def generate_secret(random_bytes: bytes) -> str:
    """Return 24 random bytes as a secret that both schemes can use."""
    if len(random_bytes) != _SECRET_BYTES:
        raise ValueError("a secret needs 24 bytes")
    return PREFIX + base64.b64encode(random_bytes).decode()


def signature_headers(body: bytes, *, message_id: str, at_s: int, secrets: Sequence[str]) -> dict[str, str]:
    """Return the headers that sign a body; the oldest of several secrets comes first.

    While two secrets overlap, `X-Webhook-Signature` is signed with the old one, because its verifiers read
    one signature and may not have the new secret yet. `webhook-signature` has a signature of each.
    """
    return {
        "X-Webhook-Signature": f"t={at_s},v1={_hmac_hex(secrets[0], at_s, body)}",
        "webhook-id": message_id,
        "webhook-timestamp": str(at_s),
        "webhook-signature": " ".join(
            _standard_webhooks_signature(secret, message_id, at_s, body) for secret in reversed(secrets)
        ),
    }


def _hmac_hex(secret: str, at_s: int, body: bytes) -> str:
    return hmac.new(secret.encode(), f"{at_s}.".encode() + body, hashlib.sha256).hexdigest()


def _standard_webhooks_signature(secret: str, message_id: str, at_s: int, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = hmac.new(key, f"{message_id}.{at_s}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(signed).decode()
