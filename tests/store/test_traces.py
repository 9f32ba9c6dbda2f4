"""The trace of a request: on the call that it creates, and in the webhooks of that call."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.store.fixtures_outbound import ME, OutboundHarness
from tests.store.fixtures_webhooks import DOWN, MINE, WebhookHarness
from tests.support.builders import make_call
from trunkline.auth.principal import Actor
from trunkline.core.trace_context import trace_id_of

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.mark.parametrize(("given", "stored"), [(TRACE, TRACE), ("", None)])
def test_a_call_has_the_trace_of_the_request_that_creates_it(
    outbound: OutboundHarness, given: str, stored: str | None
) -> None:
    call = outbound.place(replace(ME, actor=Actor("api_key", "key_1", trace_id=given)))
    assert call.client_trace_id == stored
    loaded = outbound.calls.load(call.id)
    assert loaded
    assert loaded.trace_id == (stored or call.id.replace("-", ""))


@pytest.mark.parametrize("given", [TRACE, None])
def test_a_webhook_is_in_the_trace_of_its_call(webhooks: WebhookHarness, given: str | None) -> None:
    webhooks.webhook()
    call = make_call(client_trace_id=given)
    delivery_id = webhooks.told(call)
    webhooks.run(delivery_id)
    assert trace_id_of(webhooks.sent[-1].headers["traceparent"]) == call.trace_id


def test_each_attempt_is_a_span_of_its_own(webhooks: WebhookHarness) -> None:
    webhooks.webhook()
    webhooks.answer = lambda _: DOWN
    webhooks.run(webhooks.told(make_call(client_trace_id=TRACE)))
    headers = [request.headers["traceparent"] for request in webhooks.sent]
    assert len(headers) == len(set(headers)) > 1
    assert {trace_id_of(header) for header in headers} == {TRACE}


def test_an_endpoints_own_header_is_kept(webhooks: WebhookHarness) -> None:
    webhooks.webhook(headers={"Traceparent": "mine"})
    webhooks.run(webhooks.told(make_call(client_trace_id=TRACE)))
    headers = webhooks.sent[-1].headers
    assert [value for name, value in headers.items() if name.lower() == "traceparent"] == ["mine"]


def test_a_redelivery_stays_in_the_trace(webhooks: WebhookHarness) -> None:
    webhooks.webhook()
    delivery_id = webhooks.told(make_call(client_trace_id=TRACE))
    webhooks.run(delivery_id)
    again = webhooks.deliveries_service.redeliver(MINE, delivery_id)
    assert webhooks.delivery(again["id"]).trace_id == TRACE
