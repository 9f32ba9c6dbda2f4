"""An agent, its call and its tools on a table, with a backend that answers as it is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.support.builders import make_web_call
from tests.support.clocks import NOW_MS, ManualClock
from tests.support.stubs import PlaintextCipher
from trunkline.calls.erase import erase_beside
from trunkline.calls.model import Call
from trunkline.calls.parts import Colleague, WorkflowRef
from trunkline.calls.people_store import PeopleStore
from trunkline.calls.report_desk import ReportDesk
from trunkline.calls.state_store import StateStore
from trunkline.calls.store import CallStore
from trunkline.calls.transcripts import TranscriptStore
from trunkline.livekit.names import ClaimName
from trunkline.observability import logger
from trunkline.outgoing.messages import Answer, Request
from trunkline.remembered import Remembered
from trunkline.table import Table
from trunkline.tools.effects import CallEffects
from trunkline.tools.invoke import Invocation, InvocationView, Invoker
from trunkline.tools.record import Recorder
from trunkline.tools.secret_store import SecretStore
from trunkline.tools.sending import Sender
from trunkline.tools.specs import ToolSpec
from trunkline.tools.store import ToolStore
from trunkline.validation import validated
from trunkline.workflows.specs import WorkflowSpec
from trunkline.workflows.store import WorkflowStore

POST: dict[str, Any] = {"type": "api_call", "method": "POST", "url": "https://api.example.com/m"}
SAVE: dict[str, Any] = POST | {
    "headers": {"Authorization": "Bearer {{user.auth_token}}"},
    "body": {"meal": "{{params.meal}}"},
    "save": {"meal_id": "id"},
}
MEAL = [{"name": "meal", "type": "string", "required": True}]
SUPPORT = Colleague("a-2", "support", "support-worker", ("own_tool",))


class ToolCallHarness:
    def __init__(self, table: Table) -> None:
        self.table, self.clock, cipher = table, ManualClock(), PlaintextCipher()
        self.calls, self.workflows, self.tools = CallStore(table), WorkflowStore(table), ToolStore(table)
        self.secrets = SecretStore(table, cipher)  # type: ignore[arg-type]
        self.people = PeopleStore(table, cipher)  # type: ignore[arg-type]
        self.states = StateStore(table, cipher, self.workflows)  # type: ignore[arg-type]
        self.sent: list[Request] = []
        self.measured: list[Any] = []
        self.dispatched: list[str] = []
        self.answer: Callable[[Request], Answer] = lambda _: Answer(201, {}, b'{"id": "m-1"}', 1)
        self.reports = ReportDesk(
            calls=self.calls,
            transcripts=TranscriptStore(table),
            workflows=self.workflows,
            people=self.people,
            states=self.states,
            clock=self.clock,
            run_is_alive=lambda _: False,
            close_room=lambda *_: None,
            erase=lambda call_id: erase_beside(table, call_id),
        )
        self.invoker = Invoker(
            calls=self.calls,
            workflows=self.workflows,
            tools=self.tools,
            secrets=self.secrets,
            people=self.people,
            states=self.states,
            remembered=Remembered(table, cipher, self.clock),  # type: ignore[arg-type]
            recorder=Recorder(
                calls=self.calls,
                table=table,
                clock=self.clock,
                erase=lambda call_id: erase_beside(table, call_id),
                measured=self.measured.append,
                log=logger("test"),
            ),
            sender=Sender(self.send, self.clock.move_s, lambda: 0.5, self.clock),
            effects=self.effects,
            clock=self.clock,
        )

    def send(self, request: Request) -> Answer:
        self.sent.append(request)
        return self.answer(request)

    def effects(self, call: Call, claim: ClaimName, until_us: int) -> CallEffects:
        def dispatch(_: Call, worker: str) -> None:
            self.dispatched.append(worker)

        return CallEffects(call, claim, self.calls, self.reports, dispatch, self.clock, until_us)

    def tool(self, name: str, *actions: dict[str, Any], parameters: Any = MEAL, **more: Any) -> None:
        config = {"parameters": parameters, "actions": list(actions)}
        spec = validated(ToolSpec, {"name": name, "config": config} | more)
        self.tools.save(spec.tool("tenant-1", self.clock.wall_ms(), self.tools.last("tenant-1", name)))

    def accept(
        self, context: dict[str, Any] | None = None, *, tools: Any = ("save_meal",), **more: Any
    ) -> ClaimName:
        spec = WorkflowSpec(
            slug="meals", entry_agent="Ada", tools=list(tools), variables={"meals": []}, secret_keys=["pin"]
        )
        if self.workflows.load("tenant-1", "meals") is None:
            self.workflows.save(spec.workflow("tenant-1", NOW_MS, None))
        call = make_web_call(
            workflow=WorkflowRef("meals", 1), user_id="u1", created_at_ms=self.clock.wall_ms(), **more
        )
        call = replace(call, room_name=f"call-{call.id}")
        self.calls.accept(
            call, more=self.people.put(call, context or {"auth_token": "jwt-1234", "pin": "98765"})
        )
        return ClaimName(call.id, call.claim)

    def use(
        self, claim: ClaimName, name: str = "save_meal", once: str | None = None, **params: Any
    ) -> InvocationView:
        return self.invoker.invoke(claim, name, Invocation(params=params, invocation_id=once))

    def now(self, claim: ClaimName) -> Call:
        found = self.calls.load(claim.call_id)
        assert found is not None
        return found

    def events(self, claim: ClaimName) -> list[tuple[str, Any]]:
        _, events = self.calls.story(claim.call_id) or (None, [])
        return [(event.type, event.data) for event in events]


@pytest.fixture
def tool_calls(table: Table) -> ToolCallHarness:
    return ToolCallHarness(table)
