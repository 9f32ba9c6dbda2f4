"""Several agents in one call: each counts its reports for itself, and nothing that they say is lost."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from tests.store.test_agent_reports import ReportHarness
from tests.support.builders import make_web_call
from tests.support.clocks import NOW_MS
from trunkline.calls.models import Call, Change
from trunkline.calls.report_schemas import Reports
from trunkline.calls.responses import agent_history, turn_view
from trunkline.core.errors import InvalidRequest
from trunkline.core.timestamps import iso_from_ms
from trunkline.core.validation import validated
from trunkline.livekit.rooms import CallAttemptRef
from trunkline.storage.table import Table


@pytest.fixture
def harness(table: Table) -> ReportHarness:
    return ReportHarness(table)


def said(first: str, at_s: int, *numbers: int, **more: Any) -> dict[str, Any]:
    turns = [
        {
            "sequence": n,
            "role": "assistant",
            "content": f"{first}{n}",
            "at": iso_from_ms(NOW_MS + (at_s + n) * 1000),
        }
        for n in numbers
    ]
    return {"type": "transcript", "turns": [turn | more for turn in turns]}


def story(at_s: int, name: str, count: int, values: dict[str, Any], successor: str) -> list[dict[str, Any]]:
    return [
        {"type": "answered"},
        said(name, at_s, *range(1, count + 1)),
        {"type": "variables", "sequence": 1, "values": values},
        {"type": "agent_changed", "sequence": 1, "agent": successor},
    ]


def contents(harness: ReportHarness, claim: CallAttemptRef) -> list[str]:
    return [turn.content for turn in harness.transcripts.read(claim.call_id).turns]


@pytest.mark.parametrize("named", [True, False])
def test_what_the_agent_that_was_sent_in_again_says_is_kept(harness: ReportHarness, named: bool) -> None:
    claim = harness.accept(make_web_call(agent_job_id="AJ_1"))
    harness.report(claim, *story(0, "a", 3, {"booked": False}, "Bea"), reporter="AJ_1" if named else "")
    harness.calls.update(claim.call_id, lambda call: change(call, agent_job_id="AJ_2"), NOW_MS)
    harness.clock.move_s(20)
    second = story(20, "b", 4, {"booked": True}, "Cleo")
    assert harness.report(claim, *second, reporter="AJ_2" if named else "") == [False, True, True, True]
    assert contents(harness, claim) == ["a1", "a2", "a3", "b1", "b2", "b3", "b4"]
    assert harness.service.context(claim)["variables"] == {"booked": True}
    assert agent_history(harness.now(claim)) == ["Ada", "Bea", "Cleo"]
    assert harness.report(claim, *second, reporter="AJ_2" if named else "") == [False] * 4, "a repeat"
    assert harness.transcripts.read(claim.call_id).message_count == 7


def change(call: Call, **changes: Any) -> Change:
    return Change(replace(call, **changes))


def test_two_agents_that_talk_in_turn_are_shown_in_turn(harness: ReportHarness) -> None:
    claim = harness.accept(make_web_call())
    pieces = [("A", said("a", 0, 1)), ("B", said("b", 1, 1)), ("A", said("a", 2, 2)), ("B", said("b", 3, 2))]
    for reporter, piece in random.Random(3).sample(pieces * 2, 8):
        harness.clock.move_s(1)
        harness.report(claim, piece, reporter=reporter)
    assert contents(harness, claim) == ["a1", "b1", "a2", "b2"]


def test_a_turn_says_which_attempt_and_agent_spoke(harness: ReportHarness) -> None:
    claim = harness.accept(make_web_call())
    harness.report(
        claim,
        said("a", 0, 1),
        {"type": "agent_changed", "sequence": 2, "agent": "Bea"},
        said("a", 0, 3),
        {"type": "transcript", "turns": [{"sequence": 4, "role": "user", "content": "hm"}]},
        reporter="AJ_1",
    )
    shown = [turn_view(turn) for turn in harness.transcripts.read(claim.call_id).turns]
    assert [(turn["attempt"], turn["agent"], turn["reporter"]) for turn in shown] == [
        (1, "Ada", "AJ_1"),
        (1, "Bea", "AJ_1"),
        (1, None, "AJ_1"),
    ]


def test_the_turns_of_an_earlier_attempt_come_first(harness: ReportHarness) -> None:
    first = harness.accept(make_web_call())
    harness.report(first, said("a", 90, 1, 2), reporter="same")
    harness.calls.update(first.call_id, lambda call: change(call, claim=call.claim + 1), NOW_MS)
    second = CallAttemptRef(first.call_id, first.claim + 1)
    harness.report(
        second, said("b", 0, 1, 2), {"type": "variables", "sequence": 1, "values": {"n": 2}}, reporter="same"
    )
    assert contents(harness, first) == ["a1", "a2", "b1", "b2"]
    assert harness.service.context(second)["variables"] == {"n": 2}


def test_the_context_says_where_a_reporter_goes_on(harness: ReportHarness) -> None:
    claim = harness.accept(make_web_call())
    assert harness.service.context(claim, "AJ_1")["next_sequence"] == 1
    harness.report(
        claim, said("a", 0, 1, 2, 3), {"type": "variables", "sequence": 7, "values": {}}, reporter="AJ_1"
    )
    assert harness.service.context(claim, "AJ_1")["next_sequence"] == 8
    harness.report(claim, {"type": "agent_changed", "sequence": 9, "agent": "Bea"}, reporter="AJ_1")
    told = harness.service.context(claim, "AJ_1")
    assert (told["next_sequence"], told["agent"]["active"]) == (10, "Bea")
    assert harness.service.context(claim, "AJ_2")["next_sequence"] == 1
    assert harness.service.context(claim)["next_sequence"] == 1


def test_an_older_report_of_variables_undoes_nothing_of_its_own_reporter(harness: ReportHarness) -> None:
    claim = harness.accept(make_web_call())
    for reporter, number, applied in (
        ("A", 2, True),
        ("B", 1, True),
        ("A", 1, False),
        ("A", 3, True),
        ("B", 1, False),
    ):
        report = {"type": "variables", "sequence": number, "values": {"by": f"{reporter}{number}"}}
        assert harness.report(claim, report, reporter=reporter) == [applied]
    assert harness.service.context(claim)["variables"] == {"by": "A3"}


def test_numbers_from_before_livekit_told_of_the_job_are_its_own(harness: ReportHarness) -> None:
    claim = harness.accept(make_web_call())
    report = {"type": "variables", "sequence": 2, "values": {"n": 2}}
    assert harness.report(claim, report) == [True]
    harness.calls.update(claim.call_id, lambda call: change(call, agent_job_id="AJ_1"), NOW_MS)
    assert harness.report(claim, report | {"sequence": 1, "values": {"n": 1}}) == [False]
    assert harness.report(claim, report | {"sequence": 3, "values": {"n": 3}}) == [True]


@pytest.mark.parametrize("reporter", ["", "a b", "x" * 65, "a#b", "é", "a\n"])
def test_a_reporter_of_another_form_is_refused(reporter: str) -> None:
    with pytest.raises(InvalidRequest, match="reporter must"):
        validated(Reports, {"reporter": reporter, "reports": [{"type": "answered"}]})


def test_two_turns_of_one_number_in_a_report_are_refused_since_one_would_be_lost() -> None:
    one, other, later = (said(first, at_s, 1)["turns"][0] for first, at_s in (("a", 0), ("b", 0), ("c", 9)))
    with pytest.raises(InvalidRequest, match="two different turns have the same sequence"):
        validated(Reports, {"reports": [{"type": "transcript", "turns": [one, other]}]})
    assert validated(Reports, {"reports": [{"type": "transcript", "turns": [one, one, later]}]}).reports


def test_a_type_that_does_not_exist_is_told_without_repeating_it() -> None:
    with pytest.raises(InvalidRequest) as refused:
        validated(Reports, {"reports": [{"type": "x" * 100_000}]})
    assert refused.value.message.startswith("Validation error: reports.0: type must be one of 'answered', ")
    assert len(refused.value.message) < 300
