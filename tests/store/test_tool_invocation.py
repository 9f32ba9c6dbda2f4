"""An agent and its tools: which it has, what is read for them, what a repeat does, what is kept."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.store.fixtures_tool_calls import POST, SAVE, SUPPORT, ToolCallHarness
from tests.support.builders import make_web_call
from tests.support.clocks import NOW_MS
from trunkline.auth.principal import Principal
from trunkline.call_control.erase_call import EraseCallService
from trunkline.calls.report_schemas import Reports
from trunkline.calls.user_context_repository import UserContextRepository
from trunkline.core.errors import CallEnded, LimitReached, NotFound, StaleAttempt
from trunkline.core.idempotency_errors import IdempotencyConflict, IdempotencyInProgress, OutcomeUnknown
from trunkline.core.redaction import HIDDEN
from trunkline.core.validation import validated
from trunkline.egress.messages import Request, Response
from trunkline.livekit.rooms import CallAttemptRef
from trunkline.storage.keys.calls import invocation_key, tool_payload_key
from trunkline.storage.table import Table
from trunkline.tool_runtime.service import MAX_CALL_EVENTS
from trunkline.tools.secret_repository import Secret
from trunkline.workflows.state_repository import WorkflowStateRepository


@pytest.fixture
def tool_calls(table: Table) -> ToolCallHarness:
    made = ToolCallHarness(table)
    made.tool("save_meal", SAVE)
    return made


def test_a_tool_is_used_and_its_call_says_so(tool_calls: ToolCallHarness) -> None:
    claim = tool_calls.accept()
    told = tool_calls.use(claim, once="inv-1", meal="soup")
    assert (told["status"], told["result"], told["state"]) == ("succeeded", {"id": "m-1"}, {"meal_id": "m-1"})
    assert tool_calls.sent[0].headers["Authorization"] == "Bearer jwt-1234"
    assert json.loads(tool_calls.sent[0].body) == {"meal": "soup"}
    kind, data = tool_calls.events(claim)[-1]
    assert kind == "tool_invoked"
    assert data == {
        "tool": "save_meal",
        "version": 1,
        "latency_ms": 0,
        "invocation_id": "inv-1",
        "outcome": "succeeded",
    }
    assert tool_calls.measured == [data]
    assert tool_calls.reports.context(claim)["variables"] == {"meals": [], "meal_id": "m-1"}
    stored = str(tool_calls.table.partition(invocation_key(claim.call_id)))
    assert "jwt-1234" not in stored


def test_a_repeat_does_nothing_and_gets_the_same_answer(tool_calls: ToolCallHarness) -> None:
    claim = tool_calls.accept()
    first = tool_calls.use(claim, once="inv-1", meal="soup")
    assert tool_calls.use(claim, once="inv-1", meal="soup") == first
    assert (len(tool_calls.sent), len(tool_calls.measured)) == (1, 1)
    with pytest.raises(IdempotencyConflict):
        tool_calls.use(claim, once="inv-1", meal="salad")
    assert tool_calls.use(claim, once="inv-2", meal="soup") != first
    assert len(tool_calls.sent) == 2
    assert tool_calls.sent[0].headers["Idempotency-Key"] != tool_calls.sent[1].headers["Idempotency-Key"]


def test_a_failure_is_repeated_too_never_done_again(tool_calls: ToolCallHarness) -> None:
    claim = tool_calls.accept()
    tool_calls.answer = lambda _: Response(None, {}, b"", 1, None, "", True)
    first = tool_calls.use(claim, once="inv-1", meal="soup")
    assert first["error"] is not None
    assert (first["status"], first["error"]["may_have_happened"]) == ("failed", True)
    tool_calls.answer = lambda _: Response(201, {}, b"{}", 1)
    assert tool_calls.use(claim, once="inv-1", meal="soup") == first
    assert len(tool_calls.sent) == 1


def test_a_repeat_while_the_first_is_at_work_is_told_so(tool_calls: ToolCallHarness) -> None:
    claim, seen = tool_calls.accept(), list[type[Exception]]()

    def meanwhile(_: Request) -> Response:
        try:
            tool_calls.use(claim, once="inv-1", meal="soup")
        except IdempotencyInProgress as error:
            seen.append(type(error))
        return Response(201, {}, b"{}", 1)

    tool_calls.answer = meanwhile
    tool_calls.use(claim, once="inv-1", meal="soup")
    assert (seen, len(tool_calls.sent)) == ([IdempotencyInProgress], 1)


def test_after_a_crash_nobody_knows_and_nothing_is_done_again(tool_calls: ToolCallHarness) -> None:
    claim = tool_calls.accept()

    def crash(_: Request) -> Response:
        raise MemoryError

    tool_calls.answer = crash
    with pytest.raises(MemoryError):
        tool_calls.use(claim, once="inv-1", meal="soup")
    tool_calls.answer = lambda _: Response(201, {}, b"{}", 1)
    with pytest.raises(OutcomeUnknown):
        tool_calls.use(claim, once="inv-1", meal="soup")
    assert len(tool_calls.sent) == 1


def test_wrong_parameters_reach_nobody_and_are_in_the_calls_story(tool_calls: ToolCallHarness) -> None:
    claim = tool_calls.accept()
    told = tool_calls.use(claim, meals="soup")
    assert told["error"] == {
        "type": "invalid_params",
        "message": "meal: is missing; meals: there is no such parameter",
        "may_have_happened": False,
    }
    assert tool_calls.sent == []
    noted = tool_calls.events(claim)[-1][1]
    assert (noted["error"], noted["message"]) == ("invalid_params", told["error"]["message"])


def test_a_call_keeps_the_tool_it_was_accepted_with(tool_calls: ToolCallHarness) -> None:
    claim = tool_calls.accept()
    tool_calls.clock.move_s(1)
    tool_calls.tool("save_meal", SAVE | {"url": "https://new.example.com/"})
    assert tool_calls.use(claim, meal="soup")["version"] == 1
    assert tool_calls.sent[0].url == POST["url"]
    later = tool_calls.accept(
        id="00000000-0000-4000-8000-00000000abcd",
    )
    assert tool_calls.use(later, meal="soup")["version"] == 2
    assert [tool["version"] for tool in tool_calls.invoker.definitions(claim)["data"]] == [1]


def test_whose_tools_they_are(tool_calls: ToolCallHarness) -> None:
    tool_calls.tool("own_tool", {"type": "end_call"}, parameters=[])
    tool_calls.tool("strange", {"type": "end_call"}, parameters=[])
    call = make_web_call()
    agent = replace(call.agent, tools=("adas_tool",))
    tool_calls.tool("adas_tool", {"type": "end_call"}, parameters=[])
    claim = tool_calls.accept(agent=agent, handoff_agents=(SUPPORT,))

    def names(agent: str | None = None) -> list[str]:
        return [tool["name"] for tool in tool_calls.invoker.definitions(claim, agent)["data"]]

    assert names() == ["save_meal", "adas_tool"]
    assert names("support") == names("support-worker") == ["save_meal", "own_tool"]
    for unknown in ("eve", "x" * 200):
        with pytest.raises(NotFound, match="Agent not found"):
            names(unknown)
    for strange in ("strange", "nothing"):
        with pytest.raises(NotFound, match="Tool not found"):
            tool_calls.use(claim, strange)
    with pytest.raises(StaleAttempt):
        tool_calls.use(CallAttemptRef(claim.call_id, 2), meal="x")
    with pytest.raises(NotFound, match="Call not found"):
        tool_calls.use(CallAttemptRef("00000000-0000-4000-8000-00000000ffff", 1), meal="x")


def test_a_tool_without_requests_reads_only_what_its_templates_ask_for(
    tool_calls: ToolCallHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool_calls.tool("plain", {"type": "set_state", "values": {"meal": "{{params.meal}}"}})
    claim = tool_calls.accept(tools=["plain"])

    def never(*_: Any) -> Any:
        raise AssertionError("it was read")

    monkeypatch.setattr(UserContextRepository, "get", never)
    monkeypatch.setattr(WorkflowStateRepository, "load", never)
    assert tool_calls.use(claim, "plain", meal="soup")["status"] == "succeeded"


def test_secrets_are_read_for_the_request_and_go_nowhere_else(tool_calls: ToolCallHarness) -> None:
    sealed = tool_calls.secrets.encrypt("tenant-1", "key", "t0p-secret")
    tool_calls.secrets.create(Secret("tenant-1", "key", NOW_MS, NOW_MS, sealed))
    tool_calls.tool(
        "keyed",
        POST | {"headers": {"X-Key": "{{secrets.key}}"}, "save": {"echo": "e"}},
        record_bodies=True,
        parameters=[],
    )
    claim = tool_calls.accept(tools=["keyed"])
    tool_calls.answer = lambda request: Response(
        200, {}, json.dumps({"e": request.headers["X-Key"]}).encode(), 1
    )
    told = tool_calls.use(claim, "keyed")
    assert tool_calls.sent[0].headers["X-Key"] == "t0p-secret"
    assert (told["result"], told["state"]) == ({"e": HIDDEN}, {"echo": HIDDEN})
    stored = str(
        [
            *tool_calls.table.partition(invocation_key(claim.call_id)),
            *tool_calls.table.partition(tool_payload_key(claim.call_id)),
        ]
    )
    assert "t0p-secret" not in stored + str(tool_calls.events(claim))
    tool_calls.tool("other", POST | {"headers": {"X-Key": "{{secrets.gone}}"}}, parameters=[])
    other = tool_calls.accept(
        id="00000000-0000-4000-8000-00000000abcd", agent=replace(make_web_call().agent, tools=("other",))
    )
    assert tool_calls.use(other, "other")["error"]["message"] == "{{secrets.gone}} is not known in this call"  # type: ignore[index]


@pytest.mark.parametrize("status", [200, 500])
def test_what_an_earlier_tool_saved_as_a_secret_is_hidden_in_the_answers_to_every_later_one(
    tool_calls: ToolCallHarness, status: int
) -> None:
    """The later tool reads neither the state nor the context: its backend echoes what others sent."""
    tool_calls.tool("log_in", POST | {"save": {"pin": "token"}, "result": "ok"}, parameters=[])
    tool_calls.tool("look_up", POST | {"retry_count": 0}, parameters=[], record_bodies=True)
    claim = tool_calls.accept(tools=["log_in", "look_up"])
    tool_calls.answer = lambda _: Response(200, {}, b'{"token": "s3ssion-token", "ok": true}', 1)
    assert tool_calls.use(claim, "log_in")["result"] is True
    echo = json.dumps({"seen": "s3ssion-token jwt-1234"}).encode()
    tool_calls.answer = lambda _: Response(status, {}, echo, 1)
    told = tool_calls.use(claim, "look_up")
    shown = told["result"] if status == 200 else told["error"]["answer"]  # type: ignore[index]
    assert shown == {"seen": f"{HIDDEN} {HIDDEN}"}
    kept = str(tool_calls.table.partition(tool_payload_key(claim.call_id)))
    assert "s3ssion" not in kept + str(tool_calls.events(claim))
    assert "jwt-1234" not in kept


def test_bodies_are_kept_where_that_is_wished_and_go_with_the_call(tool_calls: ToolCallHarness) -> None:
    claim = tool_calls.accept()
    tool_calls.use(claim, meal="soup")
    assert tool_calls.table.partition(tool_payload_key(claim.call_id)) == []
    tool_calls.tool("save_meal", SAVE, record_bodies=True)
    later = tool_calls.accept(id="00000000-0000-4000-8000-00000000abcd")
    tool_calls.use(later, meal="jwt-1234 soup")
    kept = tool_calls.table.partition(tool_payload_key(later.call_id))
    assert json.loads(kept[0]["params"]) == {"meal": f"{HIDDEN} soup"}
    assert json.loads(kept[0]["result"]) == {"id": "m-1"}
    tool_calls.reports.apply(
        later, validated(Reports, {"reports": [{"type": "answered"}, {"type": "ended"}]}).reports
    )
    EraseCallService(tool_calls.calls, tool_calls.table, tool_calls.clock).erase(
        Principal("tenant-1", True, frozenset()), later.call_id
    )
    for kind in (tool_payload_key(later.call_id), invocation_key(later.call_id)):
        assert tool_calls.table.partition(kind) == []


def test_what_is_used_while_a_call_is_erased_is_erased(tool_calls: ToolCallHarness) -> None:
    tool_calls.tool("save_meal", SAVE, record_bodies=True)
    claim = tool_calls.accept()
    tool_calls.reports.apply(
        claim, validated(Reports, {"reports": [{"type": "answered"}, {"type": "ended"}]}).reports
    )

    def meanwhile(_: Request) -> Response:
        EraseCallService(tool_calls.calls, tool_calls.table, tool_calls.clock).erase(
            Principal("tenant-1", True, frozenset()), claim.call_id
        )
        return Response(201, {}, b'{"id": 1}', 1)

    tool_calls.answer = meanwhile
    assert tool_calls.use(claim, meal="soup")["status"] == "succeeded"
    for kind in (tool_payload_key(claim.call_id), invocation_key(claim.call_id)):
        assert tool_calls.table.partition(kind) == []
    with pytest.raises(StaleAttempt):
        tool_calls.use(claim, meal="soup")


def test_a_tool_may_note_what_was_said_last_but_not_for_ever(tool_calls: ToolCallHarness) -> None:
    claim = tool_calls.accept()
    tool_calls.reports.apply(
        claim, validated(Reports, {"reports": [{"type": "answered"}, {"type": "ended"}]}).reports
    )
    tool_calls.clock.move_s(299)
    assert tool_calls.use(claim, meal="soup")["status"] == "succeeded"
    tool_calls.clock.move_s(2)
    with pytest.raises(CallEnded):
        tool_calls.use(claim, meal="soup")


def test_an_agent_that_goes_round_and_round_is_stopped(tool_calls: ToolCallHarness) -> None:
    claim = tool_calls.accept(sequence=MAX_CALL_EVENTS)
    assert tool_calls.use(claim, meal="soup")["status"] == "succeeded"
    with pytest.raises(LimitReached):
        tool_calls.use(claim, meal="soup")
    assert len(tool_calls.sent) == 1
