"""A tenant's webhooks and all that carries their deliveries; the network and time are the test's."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.builders import make_call
from tests.support.clocks import ManualClock
from tests.support.stubs import PlaintextCipher
from trunkline.batches.store import BatchStore
from trunkline.calls.model import Call
from trunkline.calls.store import CallStore
from trunkline.calls.transcripts import TranscriptStore
from trunkline.dialing.trunk_store import TrunkStore
from trunkline.item_keys import call_event_key
from trunkline.observability import logger
from trunkline.outgoing.messages import Answer, Fault, Request
from trunkline.table import Table
from trunkline.table_values import decode
from trunkline.tenants.keys import Principal
from trunkline.validation import validated
from trunkline.webhooks.care import DeliveryCare
from trunkline.webhooks.courier import Courier, Step
from trunkline.webhooks.deliveries import Delivery
from trunkline.webhooks.delivery_desk import DeliveryDesk
from trunkline.webhooks.delivery_store import DeliveryStore
from trunkline.webhooks.desk import WebhookDesk
from trunkline.webhooks.endpoint_store import EndpointStore
from trunkline.webhooks.events import Event
from trunkline.webhooks.fanout import Fanout
from trunkline.webhooks.gate import Gate, HealthStore
from trunkline.webhooks.health import DISABLE_AFTER_S
from trunkline.webhooks.notices import Notices
from trunkline.webhooks.payload import Payloads
from trunkline.webhooks.retry import SCHEDULE_S
from trunkline.webhooks.sealed import Seals
from trunkline.webhooks.specs import WebhookSpec

MINE = Principal("tenant-1", livemode=True, scopes=frozenset())
URL = "https://hooks.example.com/a"
OK = Answer(200, {}, b"thanks", 12)
DOWN = Answer(500, {}, b"oops", 12)
LATER = Answer(None, {}, b"", 15_000, Fault.TIMEOUT, "no whole answer in time")


class Flow:
    """Remembers what was started, as Step Functions does by name."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.broken = False

    def start(self, delivery: Delivery, again: int | None = None) -> None:
        if self.broken:
            raise ConnectionError
        name = f"{delivery.id}-{again}"
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
        self.calls, self.transcripts = CallStore(table), TranscriptStore(table)
        self.endpoints, self.deliveries = EndpointStore(table), DeliveryStore(table)
        self.sent: list[Request] = []
        self.answer: Callable[[Request], Answer] = lambda _: OK
        health, seals = HealthStore(table), Seals(PlaintextCipher())  # type: ignore[arg-type]
        log = logger("test")
        self.desk = WebhookDesk(self.endpoints, health, seals, lambda _: None, self.clock)
        flow: Any = self.flow
        self.log_desk = DeliveryDesk(self.desk, self.deliveries, flow, self.clock, log)
        self.published: list[Event] = []
        grantees = TrunkStore(table).grantees
        self.fanout = Fanout(
            self.endpoints, self.deliveries, flow, grantees, self.published.append, BatchStore(table)
        )
        self.care = DeliveryCare(self.deliveries, flow, self.clock, log)
        topic: Any = self.topic
        self.gate = Gate(table, lambda: 0.0)
        self.courier = Courier(
            deliveries=self.deliveries,
            endpoints=self.endpoints,
            gate=self.gate,
            health=health,
            seals=seals,
            payloads=Payloads(self.calls, self.transcripts, "https://api.example.com"),
            notices=Notices(self.endpoints, topic, "arn", DISABLE_AFTER_S, log),
            send=self._send,
            schedule_s=SCHEDULE_S,
            clock=self.clock,
            chance=lambda: 0.5,
            log=log,
        )

    def _send(self, request: Request) -> Answer:
        self.sent.append(request)
        return self.answer(request)

    def webhook(self, **values: Any) -> str:
        spec = validated(WebhookSpec, {"url": URL} | values)
        return self.desk.create(MINE, spec)["id"]

    def tell(self, call_id: str, sequence: int = 1) -> int:
        item = self.table.get(call_event_key(call_id, sequence))
        assert item is not None
        return self.take(item)

    def take(self, item: dict[str, Any]) -> int:
        """Fan an item of the stream out, in a batch of its own."""
        self.fanout.begin_batch()
        return self.fanout.take(item)

    def started(self) -> list[str]:
        return [name.rpartition("-")[0] for name in self.flow.names]

    def told(self, call: Call | None = None) -> str:
        """Accept a call and tell of it; returns the delivery's id."""
        call = call or make_call()
        self.calls.accept(call)
        assert self.tell(call.id) == 1
        return self.started()[-1]

    def run(self, delivery_id: str, steps: int = 50) -> list[int]:
        """Carry a delivery on as the state machine would; returns the waits, in seconds."""
        waits: list[int] = []
        for _ in range(steps):
            step: Step = self.courier.step(delivery_id)
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
    found = table._client.scan(TableName="t")["Items"]
    return [(item["pk"]["S"], decode(item)) for item in found]


@pytest.fixture
def webhooks(table: Table) -> WebhookHarness:
    return WebhookHarness(table)
