"""A tenant's webhooks and all that carries their deliveries; the network and time are the test's."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.store.fixtures_dynamodb import TABLE_NAME
from tests.support.builders import make_call
from tests.support.clocks import ManualClock
from tests.support.openapi import check_webhook_body
from tests.support.stubs import GUARD, PlaintextCipher
from trunkline.auth.principal import Principal
from trunkline.calls.models import Call
from trunkline.calls.repository import CallRepository
from trunkline.calls.transcript_repository import TranscriptRepository
from trunkline.core.logging import logger
from trunkline.core.metrics import MetricWriter
from trunkline.core.validation import validated
from trunkline.egress.messages import Request, Response, TransportError
from trunkline.reconciler.deliveries import DeliveryReconciler
from trunkline.storage.keys.calls import call_event_key
from trunkline.storage.serialization import from_dynamodb
from trunkline.storage.table import Table
from trunkline.trunks.repository import TrunkRepository
from trunkline.webhooks.attempt_sender import AttemptSender
from trunkline.webhooks.circuit_breaker import DISABLE_AFTER_S
from trunkline.webhooks.delivery_models import Delivery
from trunkline.webhooks.delivery_repository import DeliveryRepository
from trunkline.webhooks.delivery_service import DeliveryService
from trunkline.webhooks.delivery_slots import DeliverySlots
from trunkline.webhooks.delivery_starter import DeliveryStarter
from trunkline.webhooks.delivery_worker import DeliveryWorker, Step
from trunkline.webhooks.disable import EndpointDisabler
from trunkline.webhooks.events import Event
from trunkline.webhooks.fan_out import CallEnd, FanOut
from trunkline.webhooks.feed_writer import EventFeedWriter
from trunkline.webhooks.health_repository import EndpointHealthRepository
from trunkline.webhooks.payload import PayloadBuilder
from trunkline.webhooks.rate_limiter import EndpointRateLimiter
from trunkline.webhooks.repository import EndpointRepository
from trunkline.webhooks.schemas import WebhookSpec
from trunkline.webhooks.secrets import EndpointSecrets
from trunkline.webhooks.service import WebhookService

MINE = Principal("tenant-1", livemode=True, scopes=frozenset())
URL = "https://hooks.example.com/a"
OK = Response(200, {}, b"thanks", 12)
DOWN = Response(500, {}, b"oops", 12)
LATER = Response(None, {}, b"", 15_000, TransportError.TIMEOUT, "no whole answer in time")


class Flow:
    """Remembers what was started, as Step Functions does by name."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.broken = False

    def start(self, delivery: Delivery, restart: int | None = None) -> None:
        if self.broken:
            raise ConnectionError
        name = f"{delivery.id}-{restart}"
        if name not in self.names:
            self.names.append(name)


class Topic:
    def __init__(self) -> None:
        self.sent: list[str] = []

    def publish(self, **message: str) -> None:
        self.sent.append(message["Message"])


class WebhookHarness:
    """A tenant's webhooks and all that carries their deliveries."""

    def __init__(self, table: Table) -> None:
        self.table, self.clock, self.flow, self.topic = table, ManualClock(), Flow(), Topic()
        self.calls, self.transcripts = CallRepository(table), TranscriptRepository(table)
        self.endpoints, self.deliveries = EndpointRepository(table), DeliveryRepository(table, GUARD)
        self.sent: list[Request] = []
        self.answer: Callable[[Request], Response] = lambda _: OK
        health, secrets = EndpointHealthRepository(table), EndpointSecrets(PlaintextCipher())  # type: ignore[arg-type]
        log = logger("test")
        self.service = WebhookService(self.endpoints, health, secrets, lambda _: None, self.clock)
        flow: Any = self.flow
        starter = DeliveryStarter(self.deliveries, flow, self.clock, log)
        record = EventFeedWriter(table, self.clock, GUARD).record
        self.deliveries_service = DeliveryService(self.service, self.deliveries, starter, self.clock, record)
        self.published: list[Event] = []
        grantees = TrunkRepository(table).grantees
        self.call_ends: list[CallEnd] = []
        self.fanout = FanOut(
            self.endpoints,
            self.deliveries,
            flow,
            grantees,
            self.published.append,
            self.call_ends.append,
            record,
        )
        self.reconciler = DeliveryReconciler(self.deliveries, health, starter, self.clock, GUARD)
        topic: Any = self.topic
        payloads = PayloadBuilder(self.calls, self.transcripts, "https://api.example.com")
        self.slots = DeliverySlots(table, lambda: 0.0)
        self.worker = DeliveryWorker(
            deliveries=self.deliveries,
            endpoints=self.endpoints,
            slots=self.slots,
            rate_limiter=EndpointRateLimiter(table),
            health=health,
            sender=AttemptSender(secrets, payloads, self._send, log),
            disabler=EndpointDisabler(self.endpoints, topic, "arn", DISABLE_AFTER_S, log),
            clock=self.clock,
            sleep=self.clock.move_s,
            jitter=lambda: 0.5,
            log=log,
            meter=MetricWriter("webhook_deliver"),
        )

    def _send(self, request: Request) -> Response:
        check_webhook_body(request.body)
        self.sent.append(request)
        return self.answer(request)

    def webhook(self, **values: Any) -> str:
        spec = validated(WebhookSpec, {"url": URL} | values)
        return self.service.create(MINE, spec)["id"]

    def tell(self, call_id: str, sequence: int = 1) -> int:
        item = self.table.get(call_event_key(call_id, sequence))
        assert item is not None
        return self.take(item)

    def take(self, item: dict[str, Any]) -> int:
        """Fan an item of the stream out, in a batch of its own."""
        self.fanout.begin_batch()
        return self.fanout.handle_item(item)

    def started(self) -> list[str]:
        return [name.rpartition("-")[0] for name in self.flow.names]

    def told(self, call: Call | None = None) -> str:
        """Accept a call and tell of it; returns the delivery's id."""
        call = call or make_call()
        self.calls.create(call)
        assert self.tell(call.id) == 1
        return self.started()[-1]

    def run(self, delivery_id: str, steps: int = 50) -> list[int]:
        """Carry a delivery on as the state machine would; returns the waits, in seconds."""
        waits: list[int] = []
        version: int | None = None
        for _ in range(steps):
            step: Step = self.worker.step(delivery_id, version)
            version = step["version"]
            if step["next"] == "done":
                return waits
            waits.append(step["wait_s"])
            self.clock.move_s(step["wait_s"])
        return waits

    def delivery(self, delivery_id: str) -> Delivery:
        found = self.deliveries.load(delivery_id)
        assert found is not None
        return found

    def body(self, number: int = -1) -> dict[str, Any]:
        return dict(json.loads(self.sent[number].body))


def all_items(table: Table) -> list[tuple[str, dict[str, Any]]]:
    """Everything in the table, with its partition."""
    found = table._client.scan(TableName=TABLE_NAME)["Items"]
    return [(item["pk"]["S"], from_dynamodb(item)) for item in found]


@pytest.fixture
def webhooks(table: Table) -> WebhookHarness:
    return WebhookHarness(table)
