"""Verification of webhooks, by the library of Standard Webhooks: https://www.standardwebhooks.com"""

from __future__ import annotations

from collections.abc import Mapping

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from trunkline_client.errors import TrunklineError
from trunkline_client.models import WebhookPayload


class InvalidSignature(TrunklineError):
    """A request is not a webhook of Trunkline's, was changed on the way, or is older than five minutes."""


def verify_webhook(body: bytes | str, headers: Mapping[str, str], secret: str) -> WebhookPayload:
    """Check the signature of a webhook and return its payload.

    `body` is the raw body: the signature is that of its bytes. `headers` are those of the request, in any
    case: `webhook-id`, `webhook-timestamp` and `webhook-signature` are read. `secret` is the whole `whsec_…`
    text. While a secret is rotated, a request is signed with the old and the new one, and either verifies it.

    Raises:
        InvalidSignature: respond with 400, and do nothing with it.
    """
    verifier = Webhook(secret)
    try:
        payload: WebhookPayload = verifier.verify(body, dict(headers))
    except (WebhookVerificationError, ValueError) as error:  # ValueError: headers or a body of another form
        raise InvalidSignature(str(error)) from error
    return payload
