"""The Python client's verification of webhooks: what verifies, and what is refused."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook
from trunkline_client import InvalidSignature, verify_webhook

SECRET = "whsec_" + base64.b64encode(b"one-secret-that-is-long-enough-a").decode()
OTHER_SECRET = "whsec_" + base64.b64encode(b"another-secret-that-is-long-enou").decode()
BODY = '{"event": {"type": "call.failed", "id": "evt_1"}, "delivery_id": "dlv_1"}'
Change = Callable[[dict[str, str]], dict[str, str]]


def signed(secret: str = SECRET, age_s: int = 0) -> dict[str, str]:
    now = datetime.now(UTC) - timedelta(seconds=age_s)
    return {
        "Webhook-Id": "evt_1",
        "Webhook-Timestamp": str(int(now.timestamp())),
        "Webhook-Signature": Webhook(secret).sign("evt_1", now, BODY),
    }


def test_a_webhook_is_verified_also_while_its_secret_is_rotated() -> None:
    assert verify_webhook(BODY.encode(), signed(), SECRET)["event"]["id"] == "evt_1"
    both = signed(OTHER_SECRET)
    both["Webhook-Signature"] += " " + Webhook(SECRET).sign(
        "evt_1", datetime.fromtimestamp(int(both["Webhook-Timestamp"]), UTC), BODY
    )
    for secret in (SECRET, OTHER_SECRET):
        assert verify_webhook(BODY, both, secret)["delivery_id"] == "dlv_1"


@pytest.mark.parametrize(
    "change",
    [
        lambda _: {},
        lambda headers: headers | {"Webhook-Signature": "v1"},
        lambda headers: headers | {"Webhook-Signature": "v1,é"},
        lambda headers: headers | {"Webhook-Timestamp": "yesterday"},
        lambda headers: headers | {"Webhook-Id": "evt_2"},
        lambda _: signed(OTHER_SECRET),
        lambda _: signed(age_s=301),
        lambda _: signed(age_s=-301),
    ],
    ids=["none", "no signature", "no base64", "no time", "other id", "other secret", "old", "of the future"],
)
def test_headers_that_do_not_fit_are_refused(change: Change) -> None:
    with pytest.raises(InvalidSignature):
        verify_webhook(BODY, change(signed()), SECRET)


@pytest.mark.parametrize("body", [BODY + " ", b"\xff\xfe", b""])
def test_a_body_that_was_changed_is_refused(body: str | bytes) -> None:
    with pytest.raises(InvalidSignature):
        verify_webhook(body, signed(), SECRET)
