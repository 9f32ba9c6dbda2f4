"""The request of a delivery as its owner sees it: what was sent, without secrets."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.store.fixtures_webhooks import DOWN, MINE, URL, WebhookHarness
from trunkline.auth.principal import Principal
from trunkline.auth.scopes import Scope
from trunkline.core.errors import MissingScope, NotFound
from trunkline.webhooks.delivery_request import DeliveryRequestReader
from trunkline.webhooks.payload import PayloadBuilder

READER = replace(MINE, scopes=frozenset({Scope.WEBHOOKS_READ, Scope.CALLS_READ}))


@pytest.fixture
def reader(webhooks: WebhookHarness) -> DeliveryRequestReader:
    payloads = PayloadBuilder(webhooks.calls, webhooks.transcripts, "https://api.example.com")
    return DeliveryRequestReader(webhooks.deliveries_service, payloads)


def test_what_is_shown_is_what_was_sent_without_secrets(
    webhooks: WebhookHarness, reader: DeliveryRequestReader
) -> None:
    webhooks.webhook(url=f"{URL}?token=hunter22", headers={"X-Token": "hunter22"})
    webhooks.answer = lambda _: DOWN
    delivery_id = webhooks.told()
    webhooks.run(delivery_id)
    shown = reader.read(READER, delivery_id)
    sent = webhooks.sent[-1]
    assert json.loads(shown["body"]) == json.loads(sent.body)
    assert json.loads(shown["body"])["attempt"] == 5
    assert set(shown["headers"]) == set(sent.headers)
    hidden = {name for name, value in shown["headers"].items() if value == "[hidden]"}
    assert hidden == {"X-Token", "X-Webhook-Signature", "webhook-timestamp", "webhook-signature"}
    assert all(shown["headers"][name] == sent.headers[name] for name in set(sent.headers) - hidden)
    assert (shown["method"], shown["url"]) == ("POST", f"{URL}?[hidden]")
    assert "hunter22" not in str(shown)


def test_a_delivery_without_an_attempt_shows_its_first_request(
    webhooks: WebhookHarness, reader: DeliveryRequestReader
) -> None:
    webhooks.webhook()
    assert json.loads(reader.read(READER, webhooks.told())["body"])["attempt"] == 1


def test_a_call_in_a_body_needs_the_right_to_read_calls(
    webhooks: WebhookHarness, reader: DeliveryRequestReader
) -> None:
    webhook = webhooks.webhook()
    about_a_call, ping = webhooks.told(), webhooks.deliveries_service.ping(MINE, webhook)["id"]
    no_calls = replace(MINE, scopes=frozenset({Scope.WEBHOOKS_READ}))
    with pytest.raises(MissingScope, match="calls:read"):
        reader.read(no_calls, about_a_call)
    assert json.loads(reader.read(no_calls, ping)["body"])["event"]["type"] == "webhook.ping"


def test_requests_of_others_and_of_no_delivery_are_not_found(
    webhooks: WebhookHarness, reader: DeliveryRequestReader
) -> None:
    webhooks.webhook()
    delivery_id = webhooks.told()
    for principal, asked in (
        (Principal("tenant-2", True, READER.scopes), delivery_id),
        (replace(READER, livemode=False), delivery_id),
        (READER, "dlv_nonsense"),
    ):
        with pytest.raises(NotFound):
            reader.read(principal, asked)
