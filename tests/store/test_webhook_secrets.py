"""Secrets of a webhook: their rotation, and where they must not show."""

from __future__ import annotations

import json

import pytest

from tests.store.fixtures_webhooks import MINE, URL, WebhookHarness, all_items
from tests.support.builders import make_call
from trunkline.core.errors import LimitReached
from trunkline.core.validation import validated
from trunkline.egress.messages import Response
from trunkline.webhooks.models import MAX_PREVIOUS_SECRETS
from trunkline.webhooks.schemas import Rotation, WebhookSpec
from trunkline.webhooks.signing import signature_headers


def test_rotation_overlaps_and_its_end_can_be_brought_forward(webhooks: WebhookHarness) -> None:
    webhook = webhooks.webhook()
    webhooks.run(webhooks.told(make_call(1)))
    rotated = webhooks.service.rotate(MINE, webhook, Rotation(overlap_seconds=3600))
    assert rotated["previous_secret_until"] is not None
    assert "secret" not in webhooks.service.get(MINE, webhook)
    webhooks.run(webhooks.told(make_call(2)))
    assert webhooks.sent[1].headers["webhook-signature"].count("v1,") == 2
    webhooks.clock.move_s(3601)
    webhooks.run(webhooks.told(make_call(3)))
    assert webhooks.sent[2].headers["webhook-signature"].count("v1,") == 1
    webhooks.service.rotate(MINE, webhook, Rotation())
    assert webhooks.service.end_overlap(MINE, webhook)["previous_secret_until"] is None
    webhooks.run(webhooks.told(make_call(4)))
    assert webhooks.sent[3].headers["webhook-signature"].count("v1,") == 1


def test_repeated_rotation_keeps_every_promise(webhooks: WebhookHarness) -> None:
    """A repeat after a lost response leaves a secret that nobody has: it never signs the guide's header."""
    made = webhooks.service.create(MINE, validated(WebhookSpec, {"url": URL}))
    first = made["secret"]
    webhooks.service.rotate(MINE, made["id"], Rotation(overlap_seconds=3600))
    webhooks.clock.move_s(600)
    last = webhooks.service.rotate(MINE, made["id"], Rotation(overlap_seconds=3600))["secret"]

    def guide_secret(number: int) -> str | None:
        webhooks.run(webhooks.told(make_call(number)))
        sent = webhooks.sent[-1]
        at_s = int(sent.headers["webhook-timestamp"])
        for name, secret in (("first", first), ("last", last)):
            signed = signature_headers(sent.body, message_id="", at_s=at_s, secrets=[secret])
            if signed["X-Webhook-Signature"] == sent.headers["X-Webhook-Signature"]:
                return name
        return None

    assert guide_secret(1) == "first"
    assert webhooks.sent[-1].headers["webhook-signature"].count("v1,") == 3
    webhooks.clock.move_s(3100)
    assert guide_secret(2) == "first", "its overlap was extended, not cut"
    webhooks.clock.move_s(600)
    assert guide_secret(3) == "last"
    assert webhooks.sent[-1].headers["webhook-signature"].count("v1,") == 1


def test_a_shorter_overlap_cuts_none_that_was_promised_and_zero_ends_all(webhooks: WebhookHarness) -> None:
    webhook = webhooks.webhook()
    promised = webhooks.service.rotate(MINE, webhook, Rotation(overlap_seconds=86_400))
    again = webhooks.service.rotate(MINE, webhook, Rotation(overlap_seconds=60))
    assert again["previous_secret_until"] == promised["previous_secret_until"]
    assert (
        webhooks.service.rotate(MINE, webhook, Rotation(overlap_seconds=0))["previous_secret_until"] is None
    )
    webhooks.run(webhooks.told())
    assert webhooks.sent[-1].headers["webhook-signature"].count("v1,") == 1


def test_earlier_secrets_are_bounded(webhooks: WebhookHarness) -> None:
    webhook = webhooks.webhook()
    for _ in range(MAX_PREVIOUS_SECRETS):
        webhooks.service.rotate(MINE, webhook, Rotation())
    with pytest.raises(LimitReached):
        webhooks.service.rotate(MINE, webhook, Rotation())
    webhooks.service.end_overlap(MINE, webhook)
    assert webhooks.service.rotate(MINE, webhook, Rotation())["secret"]


def test_the_query_of_a_url_is_shown_nowhere_and_survives_what_is_sent_back(webhooks: WebhookHarness) -> None:
    url = "https://hooks.example.com/a?token=hunter22"
    webhook = webhooks.webhook(url=url, filter={"events": ["call.*"]})
    other = webhooks.webhook(filter={"events": ["webhook.*"]})
    shown = webhooks.service.get(MINE, webhook)
    assert shown["url"] == "https://hooks.example.com/a?[hidden]"
    webhooks.service.change(MINE, webhook, {"url": shown["url"], "description": "x"})
    webhooks.answer = lambda _: Response(410, {}, b"", 3)
    webhooks.run(webhooks.told())
    assert webhooks.sent[-1].url == url
    assert "hunter22" not in json.dumps(webhooks.service.list(MINE))
    event = next(item for key, item in all_items(webhooks.table) if key.startswith("TENANTLOG#"))
    assert "hunter22" not in event["data_json"]
    assert webhooks.take(event) == 1
    assert webhooks.published[-1].data["url"] == shown["url"]
    assert webhooks.started()[-1].startswith("dlv_" + other.removeprefix("wh_"))
