"""An agent and its call: context without secrets, transcripts in any order, late and old reports."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from tests.support.builders import make_call, make_web_call
from tests.support.clocks import NOW_MS, ManualClock
from tests.support.stubs import PlaintextCipher
from trunkline.auth.principal import Principal
from trunkline.call_control.agent_reports import LATE_MS, AgentReportService
from trunkline.call_control.erase_call import EraseCallService, erase_linked_items
from trunkline.calls.events import Turn
from trunkline.calls.models import Call
from trunkline.calls.report_schemas import Reports
from trunkline.calls.repository import CallRepository
from trunkline.calls.responses import metrics
from trunkline.calls.states import Phase, State
from trunkline.calls.transcript_repository import TranscriptRepository
from trunkline.calls.transitions import claim_call
from trunkline.calls.user_context_repository import UserContextRepository
from trunkline.calls.value_objects import WorkflowRef
from trunkline.core.errors import InvalidRequest, NotFound, StaleAttempt
from trunkline.core.validation import validated
from trunkline.livekit.rooms import CallAttemptRef
from trunkline.storage.encryption import context_for_call
from trunkline.storage.keys.calls import encrypted_data_key
from trunkline.storage.table import Put, Table
from trunkline.workflows.repository import WorkflowRepository
from trunkline.workflows.schemas import WorkflowSpec
from trunkline.workflows.state_repository import WorkflowStateRepository

FIGURES: dict[str, Any] = {
    "models": [
        {
            "kind": "llm",
            "provider": "openai",
            "model": "gpt-5.1",
            "input_tokens": 900,
            "output_tokens": 80,
            "characters": 0,
            "audio_seconds": 1.5,
            "requests": 0,
        }
    ],
    "latencies": [{"of": "end_to_end", "median_ms": 900, "max_ms": 2000, "turns": 3}],
}


class ReportHarness:
    def __init__(self, table: Table) -> None:
        self.table, self.clock = table, ManualClock()
        self.calls, self.transcripts = CallRepository(table), TranscriptRepository(table)
        self.closed: list[str] = []
        self.service = AgentReportService(
            calls=self.calls,
            transcripts=self.transcripts,
            workflows=WorkflowRepository(table),
            user_contexts=UserContextRepository(table, PlaintextCipher()),  # type: ignore[arg-type]
            states=WorkflowStateRepository(table, PlaintextCipher(), WorkflowRepository(table)),  # type: ignore[arg-type]
            clock=self.clock,
            run_is_alive=lambda _: False,
            close_room=lambda _, room: self.closed.append(room),
            erase=lambda call_id: erase_linked_items(table, call_id),
        )

    def accept(self, call: Call, context: dict[str, Any] | None = None) -> CallAttemptRef:
        more = []
        if context:
            item = encrypted_data_key(call.id, "USER_CONTEXT").as_item()
            owner = context_for_call(call.tenant_id, call.id)
            more = [Put(item | {"ciphertext": PlaintextCipher().encrypt(owner, context)})]
        self.calls.create(call, extra_writes=more)
        return CallAttemptRef(call.id, call.claim)

    def report(self, claim: CallAttemptRef, *reports: dict[str, Any], reporter: str = "") -> list[bool]:
        body = validated(Reports, {"reports": list(reports)} | ({"reporter": reporter} if reporter else {}))
        return self.service.apply(claim, body.reports, body.reporter or "")["applied"]

    def now(self, claim: CallAttemptRef) -> Call:
        found = self.calls.load(claim.call_id)
        assert found is not None
        return found


@pytest.fixture
def harness(table: Table) -> ReportHarness:
    return ReportHarness(table)


def turns(*sequences: int) -> dict[str, Any]:
    said = [{"sequence": n, "role": "user", "content": f"turn {n}"} for n in sequences]
    return {"type": "transcript", "turns": said}


def test_the_context_has_no_secrets_and_the_version_the_call_started_with(harness: ReportHarness) -> None:
    store = WorkflowRepository(harness.table)
    spec = WorkflowSpec(
        slug="meals", entry_agent="Ada", secret_keys=["pin"], variables={"logged": []}, tools=["save_meal"]
    )
    first = spec.workflow("tenant-1", NOW_MS, None)
    store.save(first)
    store.save(replace(first, version=2, secret_keys=()))
    context = {"name": "John", "auth_token": "jwt", "pin": "1234", "phone": "+1555"}
    claim = harness.accept(make_web_call(workflow=WorkflowRef("meals", 1), user_id="u1"), context)
    told = harness.service.context(claim)
    assert told["user_context"] == {"name": "John", "phone": "+1555"}
    assert told["variables"] == {"logged": []}
    assert told["workflow"] is not None
    assert (told["workflow"]["version"], told["workflow"]["tools"]) == (1, ["save_meal"])
    assert told["call"]["user_id"] == "u1"


def test_variables_are_replaced_by_newer_ones_only(harness: ReportHarness) -> None:
    claim = harness.accept(make_web_call())
    assert harness.report(claim, {"type": "variables", "sequence": 2, "values": {"step": 2}}) == [True]
    assert harness.report(claim, {"type": "variables", "sequence": 1, "values": {"step": 1}}) == [False]
    assert harness.service.context(claim)["variables"] == {"step": 2}


def test_a_transcript_reported_in_pieces_twice_and_shuffled_is_whole(harness: ReportHarness) -> None:
    claim = harness.accept(make_web_call())
    pieces = [turns(*range(n, n + 4)) for n in range(0, 40, 3)]
    for piece in random.Random(7).sample(pieces * 2, len(pieces) * 2):
        harness.clock.move_s(1)
        harness.report(claim, piece)
    said = harness.transcripts.read(claim.call_id)
    assert [turn.sequence for turn in said.turns] == list(range(43))
    assert said.message_count == 43


def test_what_was_stored_first_counts(harness: ReportHarness) -> None:
    claim = harness.accept(make_web_call())
    harness.report(claim, turns(1))
    harness.clock.move_s(1)
    other = {"type": "transcript", "turns": [{"sequence": 1, "role": "user", "content": "forged"}]}
    harness.report(claim, other)
    assert harness.transcripts.read(claim.call_id).turns[0].content == "turn 1"


def test_a_long_transcript_is_shown_in_pages(harness: ReportHarness) -> None:
    call_id = make_web_call().id
    for n in range(40):
        harness.transcripts.append(call_id, [Turn(n, "user", "x" * 200_000)], n, None)
    seen: list[int] = []
    cursor: str | None = None
    while True:
        page = harness.transcripts.read(call_id, cursor)
        seen += [turn.sequence for turn in page.turns]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == list(range(40))
    with pytest.raises(InvalidRequest):
        harness.transcripts.read(call_id, "!!")


def test_a_story_in_one_batch_is_one_change(harness: ReportHarness) -> None:
    claim = harness.accept(make_web_call())
    version = harness.now(claim).version
    applied = harness.report(
        claim,
        {"type": "answered"},
        turns(1, 2),
        {"type": "agent_changed", "agent": "support", "sequence": 1},
        {"type": "answering_machine", "result": "human"},
        {"type": "summary", "text": "All good."},
        {"type": "ended", "reason": "done"},
    )
    call = harness.now(claim)
    assert applied == [True] * 6
    assert (call.state, call.summary, call.answering_machine) == (State.COMPLETED, "All good.", "human")
    assert call.version == version + 1
    assert harness.closed == [f"call-{call.id}"]


def test_the_figures_of_a_conversation_are_shown_with_the_calls_own(harness: ReportHarness) -> None:
    claim = harness.accept(make_web_call())
    assert "agent" not in metrics(harness.now(claim), 0)
    assert harness.report(claim, {"type": "metrics", "models": []}, {"type": "metrics", **FIGURES}) == [
        True,
        True,
    ]
    assert harness.report(claim, {"type": "metrics", **FIGURES}) == [False]
    call = harness.now(claim)
    assert metrics(call, 0)["agent"] == FIGURES
    again = claim_call(replace(call, state=State.QUEUED), "run-2", "room").call
    assert "agent" not in metrics(again, 0), "they were those of another attempt"


def test_reports_after_the_end_tell_but_do_not_move(harness: ReportHarness) -> None:
    claim = harness.accept(make_web_call())
    harness.report(claim, {"type": "answered"}, {"type": "ended"})
    late = harness.report(
        claim, {"type": "answered"}, turns(1), {"type": "summary", "text": "s"}, {"type": "ended"}
    )
    assert late == [False, True, True, False]
    harness.clock.move_s(LATE_MS / 1000 + 1)
    with pytest.raises(StaleAttempt):
        harness.report(claim, turns(2))


def test_what_is_reported_while_a_call_is_erased_is_erased(harness: ReportHarness) -> None:
    claim = harness.accept(make_web_call())
    harness.report(claim, {"type": "answered"}, {"type": "ended"})
    erase = EraseCallService(harness.calls, harness.table, harness.clock)
    append = harness.transcripts.append

    def late(*args: Any, **more: Any) -> bool:
        erase.erase(Principal("tenant-1", True, frozenset()), claim.call_id)
        return append(*args, **more)

    object.__setattr__(harness.transcripts, "append", late)
    with pytest.raises(StaleAttempt):
        harness.report(claim, turns(1), {"type": "summary", "text": "who it was"})
    assert harness.transcripts.read(claim.call_id).turns == ()
    assert harness.now(claim).summary is None


def test_an_agent_of_another_attempt_is_told_so(harness: ReportHarness) -> None:
    waiting = make_call()
    harness.accept(waiting)
    for claim in (CallAttemptRef(waiting.id, 1), CallAttemptRef(waiting.id, 0)):
        with pytest.raises(StaleAttempt):
            harness.service.context(claim)
    with pytest.raises(NotFound):
        harness.service.context(CallAttemptRef(make_call(2).id, 1))


@pytest.mark.parametrize(
    ("report", "named"),
    [
        ({"type": "sung"}, "reports.1"),
        ({"type": "transcript", "turns": []}, "turns"),
        ({"type": "transcript", "turns": [{"sequence": "1", "role": "user", "content": ""}]}, "sequence"),
        ({"type": "transcript", "turns": [{"sequence": 1, "role": "ghost", "content": ""}]}, "role"),
        ({"type": "transcript", "turns": [{"sequence": -1, "role": "user", "content": ""}]}, "sequence"),
        ({"type": "answering_machine", "result": "dog"}, "result"),
        ({"type": "summary", "text": ""}, "text"),
        ({"type": "variables", "sequence": 1, "values": [1]}, "values"),
        ({"type": "variables", "sequence": 1, "values": {"x": "y" * 70_000}}, "values"),
        ({"type": "answered", "extra": 1}, "extra"),
        ({"type": "metrics", "models": [FIGURES["models"][0]] * 21}, "models"),
        ({"type": "metrics", "latencies": [FIGURES["latencies"][0] | {"of": "End to end"}]}, "of"),
        ({"type": "metrics", "models": [FIGURES["models"][0] | {"input_tokens": -1}]}, "input_tokens"),
    ],
)
def test_a_bad_report_is_refused_and_nothing_is_written(
    harness: ReportHarness, report: dict[str, Any], named: str
) -> None:
    claim = harness.accept(make_web_call())
    with pytest.raises(InvalidRequest, match=named):
        harness.report(claim, {"type": "answered"}, report)
    assert harness.now(claim).state is State.PENDING


def test_talk_after_a_reported_answer_activates_a_call_whose_dialer_died(harness: ReportHarness) -> None:
    ringing = make_call(
        state=State.CONNECTING, phase=Phase.SENT, claim=1, owner="run-1", connecting_at_ms=NOW_MS
    )
    claim = harness.accept(ringing)
    alive = replace(harness.service, run_is_alive=lambda _: True)
    dead, harness.service = harness.service, alive
    assert harness.report(claim, turns(1)) == [True]
    assert harness.report(claim, {"type": "answered"}) == [True]
    answered_ms = harness.clock.now_ms
    harness.clock.move_s(4)
    harness.report(claim, turns(2))
    assert harness.now(claim).state is State.CONNECTING, "the dial may still answer"
    harness.service = dead
    harness.clock.move_s(16)
    harness.report(claim, turns(3))
    assert (harness.now(claim).state, harness.now(claim).answered_at_ms) == (State.ACTIVE, answered_ms)
