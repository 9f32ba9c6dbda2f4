import hashlib
import hmac
import time

MAX_AGE_S = 300


def is_genuine(body: bytes, header: str, secret: str) -> bool:
    """Check X-Webhook-Signature of a raw body; the key is the whole whsec_… text."""
    parts = dict(part.partition("=")[::2] for part in header.split(","))
    sent_at, signature = parts.get("t", ""), parts.get("v1", "")
    expected = hmac.new(secret.encode(), f"{sent_at}.".encode() + body, hashlib.sha256).hexdigest()
    is_recent = sent_at.isdecimal() and abs(time.time() - int(sent_at)) <= MAX_AGE_S
    return is_recent and hmac.compare_digest(expected.encode(), signature.encode())
