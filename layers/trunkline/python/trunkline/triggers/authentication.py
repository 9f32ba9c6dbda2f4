"""Authentication of events by their trigger's secret. Pure.

A sender may use one of three ways: the header of Trunkline's own webhooks
(`X-Webhook-Signature: t=…,v1=…`), Standard Webhooks (`webhook-id`, `webhook-timestamp`,
`webhook-signature`), or, if it cannot sign, the secret itself as `Authorization: Bearer …`.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from trunkline.webhooks.signing import signature_headers

TOLERANCE_S = 300


def verify_request(headers: Mapping[str, str], body: bytes, secret: str, now_s: float) -> bool:
    """Return whether a request was signed with the secret at most `TOLERANCE_S` ago; header names are in
    lower case."""
    authorization = headers.get("authorization", "")
    if authorization[:7].lower() == "bearer ":
        return _constant_time_equal(authorization[7:].strip(), secret)
    if ours := headers.get("x-webhook-signature"):
        return _verify_shared_secret(ours, body, secret, now_s)
    return _verify_standard_webhooks(headers, body, secret, now_s)


def _verify_shared_secret(signature: str, body: bytes, secret: str, now_s: float) -> bool:
    parts = dict(part.strip().partition("=")[::2] for part in signature.split(","))
    at_s = _timestamp(parts.get("t", ""), now_s)
    if at_s is None:
        return False
    signed = signature_headers(body, message_id="", at_s=at_s, secrets=[secret])
    return _constant_time_equal(f"t={at_s},v1={parts.get('v1', '')}", signed["X-Webhook-Signature"])


def _verify_standard_webhooks(headers: Mapping[str, str], body: bytes, secret: str, now_s: float) -> bool:
    at_s = _timestamp(headers.get("webhook-timestamp", ""), now_s)
    if at_s is None:
        return False
    message_id = headers.get("webhook-id", "")
    signed = signature_headers(body, message_id=message_id, at_s=at_s, secrets=[secret])
    given = headers.get("webhook-signature", "").split(" ")[:10]
    return any(_constant_time_equal(each, signed["webhook-signature"]) for each in given)


def _timestamp(text: str, now_s: float) -> int | None:
    if not (text.isascii() and text.isdigit() and len(text) <= 12):  # noqa: PLR2004 - seconds, for ages
        return None
    return int(text) if abs(now_s - int(text)) <= TOLERANCE_S else None


def _constant_time_equal(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())
