"""An agent and its tools: which it has, what is read for them, what a repeat does, what is kept."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.builders import NOW_MS
from tests.store.tool_world import POST, SAVE, SUPPORT, Scene
from tests.unit.test_web_changes import web_call
from trunkline.auth.principal import Principal
from trunkline.call_control.erase_call import EraseCallService
from trunkline.calls.report_schemas import Reports
from trunkline.calls.user_context_repository import UserContextRepository
from trunkline.core.errors import (
    CallEnded,
    IdempotencyConflict,
    IdempotencyInProgress,
    LimitReached,
    NotFound,
    OutcomeUnknown,
    StaleAttempt,
)
from trunkline.core.redaction import HIDDEN
from trunkline.core.validation import validated
from trunkline.egress.messages import Request, Response
from trunkline.livekit.rooms import CallAttemptRef
from trunkline.storage.keys.calls import invocation_key, tool_payload_key
from trunkline.storage.table import Table
from trunkline.tool_runtime.service import MAX_STORY
from trunkline.tools.secret_repository import Secret
from trunkline.workflows.state_repository import WorkflowStateRepository


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
    scene.answer = lambda _: Response(None, {}, b"", 1, None, "", True)
    first = scene.use(claim, once="inv-1", meal="soup")
    assert first["error"] is not None
    assert (first["status"], first["error"]["may_have_happened"]) == ("failed", True)
    scene.answer = lambda _: Response(201, {}, b"{}", 1)
    assert scene.use(claim, once="inv-1", meal="soup") == first
    assert len(scene.sent) == 1


def test_a_repeat_while_the_first_is_at_work_is_told_so(scene: Scene) -> None:
    claim, seen = scene.accept(), list[type[Exception]]()

    def meanwhile(_: Request) -> Response:
        try:
            scene.use(claim, once="inv-1", meal="soup")
        except IdempotencyInProgress as error:
            seen.append(type(error))
        return Response(201, {}, b"{}", 1)

    scene.answer = meanwhile
    scene.use(claim, once="inv-1", meal="soup")
    assert (seen, len(scene.sent)) == ([IdempotencyInProgress], 1)


def test_after_a_crash_nobody_knows_and_nothing_is_done_again(scene: Scene) -> None:
    claim = scene.accept()

    def crash(_: Request) -> Response:
        raise MemoryError

    scene.answer = crash
    with pytest.raises(MemoryError):
        scene.use(claim, once="inv-1", meal="soup")
    scene.answer = lambda _: Response(201, {}, b"{}", 1)
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
    noted = scene.events(claim)[-1][1]
    assert (noted["error"], noted["message"]) == ("invalid_params", told["error"]["message"])


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
    with pytest.raises(StaleAttempt):
        scene.use(CallAttemptRef(claim.call_id, 2), meal="x")
    with pytest.raises(NotFound, match="Call not found"):
        scene.use(CallAttemptRef("00000000-0000-4000-8000-00000000ffff", 1), meal="x")


def test_only_what_templates_ask_for_is_read(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.tool("plain", POST | {"body": {"meal": "{{params.meal}}"}})
    claim = scene.accept(tools=["plain"])

    def never(*_: Any) -> Any:
        raise AssertionError("it was read")

    monkeypatch.setattr(UserContextRepository, "said_of", never)
    monkeypatch.setattr(WorkflowStateRepository, "load", never)
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
    scene.answer = lambda request: Response(200, {}, json.dumps({"e": request.headers["X-Key"]}).encode(), 1)
    told = scene.use(claim, "keyed")
    assert scene.sent[0].headers["X-Key"] == "t0p-secret"
    assert (told["result"], told["state"]) == ({"e": HIDDEN}, {"echo": HIDDEN})
    stored = str(
        [
            *scene.table.partition(invocation_key(claim.call_id)),
            *scene.table.partition(tool_payload_key(claim.call_id)),
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
    assert scene.table.partition(tool_payload_key(claim.call_id)) == []
    scene.tool("save_meal", SAVE, record_bodies=True)
    later = scene.accept(id="00000000-0000-4000-8000-00000000abcd")
    scene.use(later, meal="jwt-1234 soup")
    kept = scene.table.partition(tool_payload_key(later.call_id))
    assert json.loads(kept[0]["params"]) == {"meal": f"{HIDDEN} soup"}
    assert json.loads(kept[0]["result"]) == {"id": "m-1"}
    scene.reports.take(
        later, validated(Reports, {"reports": [{"type": "answered"}, {"type": "ended"}]}).reports
    )
    EraseCallService(scene.calls, scene.table, scene.clock).erase(
        Principal("tenant-1", True, frozenset()), later.call_id
    )
    for kind in (tool_payload_key(later.call_id), invocation_key(later.call_id)):
        assert scene.table.partition(kind) == []


def test_what_is_used_while_a_call_is_erased_is_erased(scene: Scene) -> None:
    scene.tool("save_meal", SAVE, record_bodies=True)
    claim = scene.accept()
    scene.reports.take(
        claim, validated(Reports, {"reports": [{"type": "answered"}, {"type": "ended"}]}).reports
    )

    def meanwhile(_: Request) -> Response:
        EraseCallService(scene.calls, scene.table, scene.clock).erase(
            Principal("tenant-1", True, frozenset()), claim.call_id
        )
        return Response(201, {}, b'{"id": 1}', 1)

    scene.answer = meanwhile
    assert scene.use(claim, meal="soup")["status"] == "succeeded"
    for kind in (tool_payload_key(claim.call_id), invocation_key(claim.call_id)):
        assert scene.table.partition(kind) == []
    with pytest.raises(StaleAttempt):
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


def test_an_agent_that_goes_round_and_round_is_stopped(scene: Scene) -> None:
    claim = scene.accept(sequence=MAX_STORY)
    assert scene.use(claim, meal="soup")["status"] == "succeeded"
    with pytest.raises(LimitReached):
        scene.use(claim, meal="soup")
    assert len(scene.sent) == 1
