"""Sender of one delivery attempt: its signed request, and what came of it.

Whatever an endpoint answers, and whatever an event contains, is a result: nothing after the first byte of a
request raises, so that each attempt is recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from trunkline.core.trace_context import HEADER, traceparent_of
from trunkline.egress.messages import Request, Response, TransportError
from trunkline.webhooks.delivery_models import Delivery
from trunkline.webhooks.models import Endpoint
from trunkline.webhooks.payload import PayloadBuilder
from trunkline.webhooks.redaction import redact
from trunkline.webhooks.secrets import EndpointSecrets
from trunkline.webhooks.signing import signature_headers

DELIVERY_TIMEOUT_S = 15.0
MAX_DELIVERY_RESPONSE_BYTES = 16 * 1024
FIXED_HEADERS = {"Content-Type": "application/json", "User-Agent": "Trunkline-Webhooks/1"}
_NOT_BUILT = Response(None, {}, b"", 0, TransportError.INVALID, "the event can't be written as a request")


@dataclass(frozen=True)
class PreparedAttempt:
    """The request of an attempt, None if none can be built; `hidden` are the texts it must not show."""

    number: int
    request: Request | None
    hidden: tuple[str, ...]

    def text(self, response: Response) -> str:
        """Return the beginning of a response's body, without secrets."""
        is_cut = len(response.body) >= MAX_DELIVERY_RESPONSE_BYTES
        return redact(response.body, self.hidden, is_cut=is_cut)


@dataclass(frozen=True)
class AttemptSender:
    """Builds and sends requests; `send_request` must not raise."""

    secrets: EndpointSecrets
    payloads: PayloadBuilder
    send_request: Callable[[Request], Response]
    log: Logger

    def prepare(self, delivery: Delivery, endpoint: Endpoint, now_ms: int) -> PreparedAttempt:
        """Build the request of a delivery's next attempt.

        Raises:
            BotoCoreError, ClientError, DecryptionFailed: AWS failed, which spends no attempt.
        """
        number = len(delivery.attempts) + 1
        secrets, headers = self.secrets.decrypt(endpoint, now_ms)
        hidden = (*secrets, *headers.values())
        try:
            body = self.payloads.body(delivery, endpoint, number)
        except (BotoCoreError, ClientError):
            raise
        except Exception:  # an event that can't be written would otherwise be tried for ever
            self.log.exception("event not written", delivery_id=delivery.id)
            return PreparedAttempt(number, None, hidden)
        signed = signature_headers(body, message_id=delivery.event_id, at_s=now_ms // 1000, secrets=secrets)
        all_headers = {**trace_headers(delivery, number, headers), **headers, **signed, **FIXED_HEADERS}
        request = Request(
            "POST", endpoint.url, all_headers, body, DELIVERY_TIMEOUT_S, MAX_DELIVERY_RESPONSE_BYTES
        )
        return PreparedAttempt(number, request, hidden)

    def send(self, prepared: PreparedAttempt) -> Response:
        """Send a request; never raises."""
        return self.send_request(prepared.request) if prepared.request else _NOT_BUILT


def trace_headers(delivery: Delivery, number: int, own: Mapping[str, str]) -> dict[str, str]:
    """Return the header that joins a request to its call's trace, unless the endpoint has one of its own."""
    trace_id = delivery.call_trace_id
    if trace_id is None or any(name.lower() == HEADER for name in own):
        return {}
    return {HEADER: traceparent_of(trace_id, f"{delivery.id}#{number}")}
