"""A test webhook, signed as LiveKit signs: it proves that the receiver has the project's key."""

from __future__ import annotations

import base64
import hashlib
import json
import uuid

import jwt

from trunkline.livekit.credentials import LiveKitCredentials

EVENT = "trunkline_probe"
"""An event that LiveKit does not have, in no room: the receiver checks its signature, and ignores it."""

_LIFETIME_S = 60


def signed_probe(credentials: LiveKitCredentials, now_s: int) -> tuple[bytes, str]:
    """Return the body and the `Authorization` header of a test webhook.

    Source: https://docs.livekit.io/home/server/webhooks/
    """
    body = json.dumps({"event": EVENT, "id": f"EV_{uuid.uuid4().hex[:16]}", "createdAt": str(now_s)}).encode()
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    claims = {"iss": credentials.api_key, "nbf": now_s, "exp": now_s + _LIFETIME_S, "sha256": digest}
    return body, jwt.encode(claims, credentials.api_secret, algorithm="HS256")
