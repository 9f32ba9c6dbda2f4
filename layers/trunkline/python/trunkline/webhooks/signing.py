"""Secrets and signatures of webhooks, in both schemes. Pure.

Sources: the integration guide, "Verifying Webhook Signatures" (the whole `whsec_…` text is the key, one
`v1` in hexadecimal), and https://www.standardwebhooks.com (the bytes behind `whsec_` are the key, base64,
several signatures with a space between).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence

PREFIX = "whsec_"
_SECRET_BYTES = 24


def generate_secret(random_bytes: bytes) -> str:
    """Write 24 random bytes as a secret that either scheme can use."""
    if len(random_bytes) != _SECRET_BYTES:
        raise ValueError("a secret is made of 24 bytes")
    return PREFIX + base64.b64encode(random_bytes).decode()


def signature_headers(body: bytes, *, message_id: str, at_s: int, secrets: Sequence[str]) -> dict[str, str]:
    """The headers that sign a body; of several secrets the oldest comes first.

    While two overlap, the guide's header is by the old one, because its verifier reads one signature
    and its owner may not have changed it yet; the standard one carries both.
    """
    return {
        "X-Webhook-Signature": f"t={at_s},v1={_hmac_hex(secrets[0], at_s, body)}",
        "webhook-id": message_id,
        "webhook-timestamp": str(at_s),
        "webhook-signature": " ".join(
            _standard_webhooks_signature(each, message_id, at_s, body) for each in reversed(secrets)
        ),
    }


def _hmac_hex(secret: str, at_s: int, body: bytes) -> str:
    return hmac.new(secret.encode(), f"{at_s}.".encode() + body, hashlib.sha256).hexdigest()


def _standard_webhooks_signature(secret: str, message_id: str, at_s: int, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = hmac.new(key, f"{message_id}.{at_s}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(signed).decode()
