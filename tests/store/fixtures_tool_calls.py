"""An agent, its call and its tools on a table, with a backend that answers as it is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from tests.support.builders import make_web_call
from tests.support.clocks import NOW_MS, ManualClock
from tests.support.stubs import PlaintextCipher
from trunkline.call_control.agent_reports import AgentReportService
from trunkline.call_control.erase_call import erase_linked_items
from trunkline.calls.models import Call
from trunkline.calls.report_schemas import Ended
from trunkline.calls.repository import CallRepository
from trunkline.calls.transcript_repository import TranscriptRepository
from trunkline.calls.user_context_repository import UserContextRepository
from trunkline.calls.value_objects import HandoffAgent, WorkflowRef
from trunkline.core.logging import logger
from trunkline.core.validation import validated
from trunkline.egress.messages import Request, Response
from trunkline.livekit.rooms import CallAttemptRef
from trunkline.storage.idempotent_response import IdempotentResponses
from trunkline.storage.table import Table
from trunkline.tool_runtime.call_actions import CallActions
from trunkline.tool_runtime.http_retry import RetryingSender
from trunkline.tool_runtime.recorder import InvocationRecorder
from trunkline.tool_runtime.service import Invocation, InvocationView, ToolInvocationService
from trunkline.tools.repository import ToolRepository
from trunkline.tools.schemas import ToolSpec
from trunkline.tools.secret_repository import SecretRepository
from trunkline.workflows.repository import WorkflowRepository
from trunkline.workflows.schemas import WorkflowSpec
from trunkline.workflows.state_repository import WorkflowStateRepository

POST: dict[str, Any] = {"type": "api_call", "method": "POST", "url": "https://api.example.com/m"}
SAVE: dict[str, Any] = POST | {
    "headers": {"Authorization": "Bearer {{user.auth_token}}"},
    "body": {"meal": "{{params.meal}}"},
    "save": {"meal_id": "id"},
}
MEAL = [{"name": "meal", "type": "string", "required": True}]
SUPPORT = HandoffAgent("a-2", "support", "support-worker", ("own_tool",))


class ToolCallHarness:
    def __init__(self, table: Table) -> None:
        self.table, self.clock, cipher = table, ManualClock(), PlaintextCipher()
        self.calls, self.workflows, self.tools = (
            CallRepository(table),
            WorkflowRepository(table),
            ToolRepository(table),
        )
        self.secrets = SecretRepository(table, cipher)  # type: ignore[arg-type]
        self.people = UserContextRepository(table, cipher)  # type: ignore[arg-type]
        self.states = WorkflowStateRepository(table, cipher, self.workflows)  # type: ignore[arg-type]
        self.sent: list[Request] = []
        self.measured: list[Any] = []
        self.dispatched: list[str] = []
        self.answer: Callable[[Request], Response] = lambda _: Response(201, {}, b'{"id": "m-1"}', 1)
        self.reports = AgentReportService(
            calls=self.calls,
            transcripts=TranscriptRepository(table),
            workflows=self.workflows,
            user_contexts=self.people,
            states=self.states,
            clock=self.clock,
            run_is_alive=lambda _: False,
            close_room=lambda *_: None,
            erase=lambda call_id: erase_linked_items(table, call_id),
        )
        self.invoker = ToolInvocationService(
            calls=self.calls,
            workflows=self.workflows,
            tools=self.tools,
            secrets=self.secrets,
            user_contexts=self.people,
            states=self.states,
            idempotent_responses=IdempotentResponses(table, cipher, self.clock),  # type: ignore[arg-type]
            recorder=InvocationRecorder(
                calls=self.calls,
                table=table,
                clock=self.clock,
                erase=lambda call_id: erase_linked_items(table, call_id),
                publish_metrics=self.measured.append,
                log=logger("test"),
            ),
            sender=RetryingSender(self.send, self.clock.move_s, lambda: 0.5, self.clock),
            call_actions=self.call_actions,
            clock=self.clock,
        )

    def send(self, request: Request) -> Response:
        self.sent.append(request)
        return self.answer(request)

    def call_actions(self, call: Call, claim: CallAttemptRef, until_us: int) -> CallActions:
        def dispatch(_: Call, worker: str) -> None:
            self.dispatched.append(worker)

        end = partial(self.end_call, claim)
        return CallActions(call, self.calls, dispatch, end, self.clock, until_us)

    def end_call(self, claim: CallAttemptRef, reason: str) -> None:
        """End a call as its agent's report does."""
        self.reports.apply(claim, [Ended(type="ended", reason=reason)])

    def tool(self, name: str, *actions: dict[str, Any], parameters: Any = MEAL, **more: Any) -> None:
        config = {"parameters": parameters, "actions": list(actions)}
        spec = validated(ToolSpec, {"name": name, "config": config} | more)
        self.tools.save(spec.tool("tenant-1", self.clock.wall_ms(), self.tools.last("tenant-1", name)))

    def accept(
        self, context: dict[str, Any] | None = None, *, tools: Any = ("save_meal",), **more: Any
    ) -> CallAttemptRef:
        spec = WorkflowSpec(
            slug="meals", entry_agent="Ada", tools=list(tools), variables={"meals": []}, secret_keys=["pin"]
        )
        if self.workflows.load("tenant-1", "meals") is None:
            self.workflows.save(spec.workflow("tenant-1", NOW_MS, None))
        call = make_web_call(
            workflow=WorkflowRef("meals", 1), user_id="u1", created_at_ms=self.clock.wall_ms(), **more
        )
        call = replace(call, room_name=f"call-{call.id}")
        self.calls.create(
            call, extra_writes=self.people.writes(call, context or {"auth_token": "jwt-1234", "pin": "98765"})
        )
        return CallAttemptRef(call.id, call.claim)

    def use(
        self, claim: CallAttemptRef, name: str = "save_meal", once: str | None = None, **params: Any
    ) -> InvocationView:
        return self.invoker.invoke(claim, name, Invocation(params=params, invocation_id=once))

    def now(self, claim: CallAttemptRef) -> Call:
        found = self.calls.load(claim.call_id)
        assert found is not None
        return found

    def events(self, claim: CallAttemptRef) -> list[tuple[str, Any]]:
        _, events = self.calls.load_with_events(claim.call_id) or (None, [])
        return [(event.type, event.data) for event in events]


@pytest.fixture
def tool_calls(table: Table) -> ToolCallHarness:
    return ToolCallHarness(table)
