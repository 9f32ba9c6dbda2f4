"""One tenant's many endpoints do not hold up the events of others, which wait behind them in the stream."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from functions.event_fanout import bootstrap
from tests.store.fixtures_webhooks import WebhookHarness
from tests.support.builders import make_call
from trunkline.webhooks.delivery_models import Delivery

ENDPOINTS = 4


class SideBySide:
    """A state machine whose starts end once all of them have begun."""

    def __init__(self) -> None:
        self._all = threading.Barrier(ENDPOINTS)

    def start(self, delivery: Delivery, restart: int | None = None) -> None:
        self._all.wait(timeout=5)


def test_the_deliveries_of_an_event_start_side_by_side(webhooks: WebhookHarness) -> None:
    for _ in range(ENDPOINTS):
        webhooks.webhook()
    state_machine: Any = SideBySide()
    with ThreadPoolExecutor(ENDPOINTS) as pool:
        webhooks.fanout = replace(webhooks.fanout, state_machine=state_machine, for_each=pool.map)
        call = make_call()
        webhooks.calls.create(call)
        assert webhooks.tell(call.id) == ENDPOINTS


def test_a_start_that_fails_fails_the_event_for_the_stream_to_repeat(webhooks: WebhookHarness) -> None:
    for _ in range(ENDPOINTS):
        webhooks.webhook()
    call = make_call()
    webhooks.calls.create(call)
    with ThreadPoolExecutor(ENDPOINTS) as pool:
        webhooks.fanout = replace(webhooks.fanout, for_each=pool.map)
        webhooks.flow.broken = True
        with pytest.raises(ConnectionError):
            webhooks.tell(call.id)
        webhooks.flow.broken = False
        assert webhooks.tell(call.id) == ENDPOINTS
    assert len(set(webhooks.started())) == ENDPOINTS
    assert len(webhooks.published) == 1


def test_the_function_works_on_several_endpoints_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TABLE_NAME", "t")
    monkeypatch.setenv("DELIVERY_FLOW_ARN", "arn:aws:states:us-east-1:000000000000:stateMachine:x")
    monkeypatch.setenv("EVENT_BUS_NAME", "x")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for_each: Any = bootstrap.fan_out.__wrapped__().for_each
    begun = threading.Barrier(ENDPOINTS)
    assert len(list(for_each(lambda _: begun.wait(timeout=5), range(ENDPOINTS)))) == ENDPOINTS
