"""Events of the deployment's bus: what Lambda's runtime parsed is not always JSON."""

from __future__ import annotations

import math
from typing import Any

import pytest
from aws_lambda_powertools import Logger

from tests.support.clocks import ManualClock
from tests.support.triggers import TRIGGER
from trunkline.call_templates.models import EventOutcome
from trunkline.core.errors import InvalidRequest
from trunkline.core.validation import validated
from trunkline.triggers.event_handler import EventSource, TriggerEventHandler
from trunkline.triggers.models import ReceivedEvent, Trigger
from trunkline.triggers.schemas import TriggerSpec


class Triggers:
    def __init__(self) -> None:
        self.received: list[ReceivedEvent] = []

    def find(self, _: str) -> Trigger:
        return TRIGGER

    def record(self, received: ReceivedEvent) -> None:
        self.received.append(received)


@pytest.mark.parametrize("value", [math.inf, math.nan, "\ud800"])
def test_an_event_that_is_not_json_starts_no_call_and_its_owner_can_read_why(value: Any) -> None:
    triggers: Any = Triggers()
    none: Any = None

    def create(*_: Any) -> Any:
        pytest.fail("a call was created")

    handler = TriggerEventHandler(triggers, none, create, none, lambda _: None, ManualClock(), Logger("test"))
    assert handler.handle_from_bus("trg_1", {"id": "e", "n": [value]}, EventSource("", "r")) is None
    (received,) = triggers.received
    assert received.outcome is EventOutcome.REFUSED
    assert received.error == "Validation error: the event is not valid JSON"


def test_a_condition_with_an_unknown_function_is_refused() -> None:
    with pytest.raises(InvalidRequest, match=r"when: JMESPath a && nope\(b\): there is no function nope"):
        validated(TriggerSpec, {"name": "t", "body": {"workflow_slug": "w"}, "when": "a && nope(b)"})
