"""An agent and its tools: which it has, what is read for them, what a repeat does, what is kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.builders import NOW_MS, ManualClock, PlainCipher
from tests.unit.test_web_changes import web_call
from trunkline.calls.erase import EraseDesk, erase_beside
from trunkline.calls.model import Call
from trunkline.calls.parts import Colleague, WorkflowRef
from trunkline.calls.people_store import PeopleStore
from trunkline.calls.report_desk import ReportDesk
from trunkline.calls.reports import Reports
from trunkline.calls.state_store import StateStore
from trunkline.calls.states import State
from trunkline.calls.store import CallStore
from trunkline.calls.transcripts import TranscriptStore
from trunkline.errors import (
    AttemptOver,
    CallEnded,
    IdempotencyConflict,
    IdempotencyInProgress,
    LiveKitFailed,
    NotFound,
    OutcomeUnknown,
)
from trunkline.item_keys import invocation_key, tool_bodies_key
from trunkline.livekit.names import ClaimName
from trunkline.observability import logger
from trunkline.outgoing.messages import Answer, Request
from trunkline.redaction import HIDDEN
from trunkline.remembered import Remembered
from trunkline.table import Table
from trunkline.tenants.keys import Principal
from trunkline.tools.effects import CallEffects
from trunkline.tools.invoke import Invocation, InvocationView, Invoker
from trunkline.tools.record import Recorder
from trunkline.tools.secret_store import Secret, SecretStore
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


class Scene:
    def __init__(self, table: Table) -> None:
        self.table, self.clock, cipher = table, ManualClock(), PlainCipher()
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
        call = web_call(
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
def scene(table: Table) -> Scene:
    made = Scene(table)
    made.tool("save_meal", SAVE)
    return made


def test_a_tool_is_used_and_its_call_says_so(scene: Scene) -> None:
    claim = scene.accept()
    told = scene.use(claim, once="inv-1", meal="soup")
    assert (told["status"], told["result"], told["state"]) == ("succeeded", {"id": "m-1"}, {"meal_id": "m-1"})
    assert scene.sent[0].headers["Authorization"] == "Bearer jwt-1234"
    assert json.loads(scene.sent[0].body) == {"meal": "soup"}
    kind, data = scene.events(claim)[-1]
    assert kind == "tool_invoked"
    assert data == {
        "tool": "save_meal",
        "version": 1,
        "latency_ms": 0,
        "invocation_id": "inv-1",
        "outcome": "succeeded",
    }
    assert scene.measured == [data]
    assert scene.reports.context(claim)["variables"] == {"meals": [], "meal_id": "m-1"}
    stored = str(scene.table.partition(invocation_key(claim.call_id)))
    assert "jwt-1234" not in stored


def test_a_repeat_does_nothing_and_gets_the_same_answer(scene: Scene) -> None:
    claim = scene.accept()
    first = scene.use(claim, once="inv-1", meal="soup")
    assert scene.use(claim, once="inv-1", meal="soup") == first
    assert (len(scene.sent), len(scene.measured)) == (1, 1)
    with pytest.raises(IdempotencyConflict):
        scene.use(claim, once="inv-1", meal="salad")
    assert scene.use(claim, once="inv-2", meal="soup") != first
    assert len(scene.sent) == 2
    assert scene.sent[0].headers["Idempotency-Key"] != scene.sent[1].headers["Idempotency-Key"]


def test_a_failure_is_repeated_too_never_done_again(scene: Scene) -> None:
    claim = scene.accept()
    scene.answer = lambda _: Answer(None, {}, b"", 1, None, "", True)
    first = scene.use(claim, once="inv-1", meal="soup")
    assert first["error"] is not None
    assert (first["status"], first["error"]["may_have_happened"]) == ("failed", True)
    scene.answer = lambda _: Answer(201, {}, b"{}", 1)
    assert scene.use(claim, once="inv-1", meal="soup") == first
    assert len(scene.sent) == 1


def test_a_repeat_while_the_first_is_at_work_is_told_so(scene: Scene) -> None:
    claim, seen = scene.accept(), list[type[Exception]]()

    def meanwhile(_: Request) -> Answer:
        try:
            scene.use(claim, once="inv-1", meal="soup")
        except IdempotencyInProgress as error:
            seen.append(type(error))
        return Answer(201, {}, b"{}", 1)

    scene.answer = meanwhile
    scene.use(claim, once="inv-1", meal="soup")
    assert (seen, len(scene.sent)) == ([IdempotencyInProgress], 1)


def test_after_a_crash_nobody_knows_and_nothing_is_done_again(scene: Scene) -> None:
    claim = scene.accept()

    def crash(_: Request) -> Answer:
        raise MemoryError

    scene.answer = crash
    with pytest.raises(MemoryError):
        scene.use(claim, once="inv-1", meal="soup")
    scene.answer = lambda _: Answer(201, {}, b"{}", 1)
    with pytest.raises(OutcomeUnknown):
        scene.use(claim, once="inv-1", meal="soup")
    assert len(scene.sent) == 1


def test_wrong_parameters_reach_nobody_and_are_in_the_calls_story(scene: Scene) -> None:
    claim = scene.accept()
    told = scene.use(claim, meals="soup")
    assert told["error"] == {
        "type": "invalid_params",
        "message": "meal: is missing; meals: there is no such parameter",
        "may_have_happened": False,
    }
    assert scene.sent == []
    assert scene.events(claim)[-1][1]["error"] == "invalid_params"


def test_a_call_keeps_the_tool_it_was_accepted_with(scene: Scene) -> None:
    claim = scene.accept()
    scene.clock.move_s(1)
    scene.tool("save_meal", SAVE | {"url": "https://new.example.com/"})
    assert scene.use(claim, meal="soup")["version"] == 1
    assert scene.sent[0].url == POST["url"]
    later = scene.accept(
        id="00000000-0000-4000-8000-00000000abcd",
    )
    assert scene.use(later, meal="soup")["version"] == 2
    assert [each["version"] for each in scene.invoker.definitions(claim)["data"]] == [1]


def test_whose_tools_they_are(scene: Scene) -> None:
    scene.tool("own_tool", {"type": "end_call"}, parameters=[])
    scene.tool("strange", {"type": "end_call"}, parameters=[])
    call = web_call()
    agent = replace(call.agent, tools=("adas_tool",))
    scene.tool("adas_tool", {"type": "end_call"}, parameters=[])
    claim = scene.accept(agent=agent, colleagues=(SUPPORT,))

    def names(agent: str | None = None) -> list[str]:
        return [each["name"] for each in scene.invoker.definitions(claim, agent)["data"]]

    assert names() == ["save_meal", "adas_tool"]
    assert names("support") == names("support-worker") == ["save_meal", "own_tool"]
    for unknown in ("eve", "x" * 200):
        with pytest.raises(NotFound, match="Agent not found"):
            names(unknown)
    for strange in ("strange", "nothing"):
        with pytest.raises(NotFound, match="Tool not found"):
            scene.use(claim, strange)
    with pytest.raises(AttemptOver):
        scene.use(ClaimName(claim.call_id, 2), meal="x")
    with pytest.raises(NotFound, match="Call not found"):
        scene.use(ClaimName("00000000-0000-4000-8000-00000000ffff", 1), meal="x")


def test_only_what_templates_ask_for_is_read(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.tool("plain", POST | {"body": {"meal": "{{params.meal}}"}})
    claim = scene.accept(tools=["plain"])

    def never(*_: Any) -> Any:
        raise AssertionError("it was read")

    monkeypatch.setattr(PeopleStore, "said_of", never)
    monkeypatch.setattr(StateStore, "load", never)
    assert scene.use(claim, "plain", meal="soup")["status"] == "succeeded"


def test_secrets_are_read_for_the_request_and_go_nowhere_else(scene: Scene) -> None:
    sealed = scene.secrets.sealed("tenant-1", "key", "t0p-secret")
    scene.secrets.create(Secret("tenant-1", "key", NOW_MS, NOW_MS, sealed))
    scene.tool(
        "keyed",
        POST | {"headers": {"X-Key": "{{secrets.key}}"}, "save": {"echo": "e"}},
        record_bodies=True,
        parameters=[],
    )
    claim = scene.accept(tools=["keyed"])
    scene.answer = lambda request: Answer(200, {}, json.dumps({"e": request.headers["X-Key"]}).encode(), 1)
    told = scene.use(claim, "keyed")
    assert scene.sent[0].headers["X-Key"] == "t0p-secret"
    assert (told["result"], told["state"]) == ({"e": HIDDEN}, {"echo": HIDDEN})
    stored = str(
        [
            *scene.table.partition(invocation_key(claim.call_id)),
            *scene.table.partition(tool_bodies_key(claim.call_id)),
        ]
    )
    assert "t0p-secret" not in stored + str(scene.events(claim))
    scene.tool("other", POST | {"headers": {"X-Key": "{{secrets.gone}}"}}, parameters=[])
    other = scene.accept(
        id="00000000-0000-4000-8000-00000000abcd", agent=replace(web_call().agent, tools=("other",))
    )
    assert scene.use(other, "other")["error"]["message"] == "{{secrets.gone}} is not known in this call"  # type: ignore[index]


def test_bodies_are_kept_where_that_is_wished_and_go_with_the_call(scene: Scene) -> None:
    claim = scene.accept()
    scene.use(claim, meal="soup")
    assert scene.table.partition(tool_bodies_key(claim.call_id)) == []
    scene.tool("save_meal", SAVE, record_bodies=True)
    later = scene.accept(id="00000000-0000-4000-8000-00000000abcd")
    scene.use(later, meal="jwt-1234 soup")
    kept = scene.table.partition(tool_bodies_key(later.call_id))
    assert json.loads(kept[0]["params"]) == {"meal": f"{HIDDEN} soup"}
    assert json.loads(kept[0]["result"]) == {"id": "m-1"}
    scene.reports.take(
        later, validated(Reports, {"reports": [{"type": "answered"}, {"type": "ended"}]}).reports
    )
    EraseDesk(scene.calls, scene.table, scene.clock).erase(
        Principal("tenant-1", True, frozenset()), later.call_id
    )
    for kind in (tool_bodies_key(later.call_id), invocation_key(later.call_id)):
        assert scene.table.partition(kind) == []


def test_what_is_used_while_a_call_is_erased_is_erased(scene: Scene) -> None:
    scene.tool("save_meal", SAVE, record_bodies=True)
    claim = scene.accept()
    scene.reports.take(
        claim, validated(Reports, {"reports": [{"type": "answered"}, {"type": "ended"}]}).reports
    )

    def meanwhile(_: Request) -> Answer:
        EraseDesk(scene.calls, scene.table, scene.clock).erase(
            Principal("tenant-1", True, frozenset()), claim.call_id
        )
        return Answer(201, {}, b'{"id": 1}', 1)

    scene.answer = meanwhile
    assert scene.use(claim, meal="soup")["status"] == "succeeded"
    for kind in (tool_bodies_key(claim.call_id), invocation_key(claim.call_id)):
        assert scene.table.partition(kind) == []
    with pytest.raises(AttemptOver):
        scene.use(claim, meal="soup")


def test_a_tool_may_note_what_was_said_last_but_not_for_ever(scene: Scene) -> None:
    claim = scene.accept()
    scene.reports.take(
        claim, validated(Reports, {"reports": [{"type": "answered"}, {"type": "ended"}]}).reports
    )
    scene.clock.move_s(299)
    assert scene.use(claim, meal="soup")["status"] == "succeeded"
    scene.clock.move_s(2)
    with pytest.raises(CallEnded):
        scene.use(claim, meal="soup")


def active(scene: Scene, **more: Any) -> ClaimName:
    claim = scene.accept(colleagues=(SUPPORT,), **more)
    scene.reports.take(claim, validated(Reports, {"reports": [{"type": "answered"}]}).reports)
    return claim


def test_a_transfer_sends_another_agent_in_once(scene: Scene) -> None:
    scene.tool(
        "hand_over",
        {"type": "transfer_agent", "agent": "{{params.to}}"},
        parameters=[{"name": "to", "type": "string"}],
    )
    claim = active(scene, tools=["hand_over"])
    told = scene.use(claim, "hand_over", once="x", to="support")
    assert (told["result"], scene.dispatched) == ({"transferred_to": "support"}, ["support-worker"])
    scene.use(claim, "hand_over", once="x", to="support")
    assert scene.dispatched == ["support-worker"]
    assert [turn.agent for turn in scene.now(claim).agent_turns] == ["support"]
    assert [kind for kind, _ in scene.events(claim)][-2:] == ["agent_changed", "tool_invoked"]
    for to, says in (
        ("support", "has the call already"),
        ("eve", "There is no agent eve in this call; there are Ada, support"),
    ):
        failed = scene.use(claim, "hand_over", to=to)["error"]
        assert failed is not None
        assert (failed["type"], says in failed["message"]) == ("agent_not_found", True)
    assert scene.use(claim, "hand_over", to="Ada")["result"] == {"transferred_to": "Ada"}


def test_a_livekit_that_does_not_answer_is_told_and_not_asked_again(scene: Scene) -> None:
    scene.tool("hand_over", {"type": "transfer_agent", "agent": "support"}, parameters=[])
    claim = active(scene, tools=["hand_over"])

    def silent(*_: Any) -> None:
        scene.dispatched.append("tried")
        raise LiveKitFailed

    def effects(call: Call, claim: ClaimName, until_us: int) -> CallEffects:
        return CallEffects(call, claim, scene.calls, scene.reports, silent, scene.clock, until_us)

    object.__setattr__(scene.invoker, "effects", effects)
    for _ in range(2):
        failed = scene.use(claim, "hand_over", once="x")["error"]
        assert failed is not None
        assert (failed["type"], failed["may_have_happened"]) == ("livekit_failed", True)
    assert scene.dispatched == ["tried"]
    assert scene.now(claim).agent_turns == ()


def test_a_tool_ends_the_call(scene: Scene) -> None:
    scene.tool(
        "goodbye",
        {"type": "set_state", "values": {"done": True}},
        {"type": "end_call", "reason": "{{params.why}}"},
        parameters=[{"name": "why", "type": "string", "default": "said_goodbye"}],
    )
    claim = active(scene, tools=["goodbye"])
    told = scene.use(claim, "goodbye")
    assert (told["result"], told["state"]) == ({"ended": True}, {"done": True})
    call = scene.now(claim)
    assert (call.state, call.agent_end_reason) == (State.COMPLETED, "said_goodbye")


def test_the_state_of_actions_that_were_done_is_kept_though_a_later_one_fails(scene: Scene) -> None:
    scene.tool(
        "two",
        {
            "type": "set_state",
            "values": {"pin": "{{params.meal}}", "seen": 1},
            "append": {"meals": "{{params.meal}}"},
        },
        POST,
    )
    claim = scene.accept(tools=["two"])
    scene.answer = lambda _: Answer(404, {}, b"{}", 1)
    told = scene.use(claim, "two", meal="soup")
    assert (told["status"], told["state"]) == ("failed", {"meals": ["soup"], "seen": 1})
    assert told["error"] is not None
    assert told["error"]["action"] == 1
    variables = scene.reports.context(claim)["variables"]
    assert variables == {"meals": ["soup"], "seen": 1}, "a secret key of the state is not shown either"
    assert scene.states.load(scene.now(claim)).values["pin"] == "soup"


def test_a_state_that_is_too_large_is_told(scene: Scene) -> None:
    scene.tool("large", {"type": "set_state", "append": {"meals": "{{params.meal}}"}})
    claim = scene.accept(tools=["large"])
    for number in range(2):
        told = scene.use(claim, "large", meal="x" * 40_000)
        assert (told["error"] is None) == (number == 0)
    assert told["error"] is not None
    assert told["error"]["type"] == "state_too_large"
