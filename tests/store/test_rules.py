"""Suppressions and number rules: looked at when a call is accepted, and again before it is dialled."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.store.fixtures_dialer import WAKE, DialerHarness
from tests.store.fixtures_outbound import CALLED_NUMBER, ME, OutboundHarness, suppress
from tests.support.builders import make_call
from tests.support.clocks import NOW_MS, ManualClock
from trunkline.auth.audit_log import AuditLog, AuditQuery
from trunkline.auth.principal import Principal
from trunkline.calls.reasons import Reason
from trunkline.calls.states import State
from trunkline.compliance.policy import CompliancePolicy
from trunkline.compliance.service import (
    ComplianceService,
    NumberRulesSpec,
    SuppressionQuery,
    Suppressions,
)
from trunkline.core.errors import InvalidRequest, NotFound, NumberNotAllowed, NumberSuppressed
from trunkline.core.validation import validated
from trunkline.dialer.final_check import forbidden_now
from trunkline.dialer.lane_run import StopReason
from trunkline.storage.table import Put

NO_RULES: dict[str, Any] = {
    "allowed_prefixes": [],
    "denied_prefixes": [],
    "frequency_cap": None,
    "default_timezone": None,
}
OTHERS = (replace(ME, tenant_id="tenant-2"), replace(ME, livemode=False))


def test_a_suppressed_number_is_not_accepted_and_nothing_is_written(outbound: OutboundHarness) -> None:
    outbound.place()
    suppress(outbound, reason="asked not to be called")
    with pytest.raises(NumberSuppressed):
        outbound.place()
    assert outbound.waiting() == 1
    outbound.place(phoneNumber="+14155552672")
    shown = outbound.rules().get(ME, CALLED_NUMBER)
    assert (shown["reason"], shown["expires_at"]) == ("asked not to be called", None)
    outbound.rules().release(ME, CALLED_NUMBER.removeprefix("+"))
    outbound.place()


@pytest.mark.parametrize(
    ("listed", "called"),
    [
        ("+447911123456", "+4407911123456"),
        ("+4407911123456", "+447911123456"),
        ("+4915112345678", "+49015112345678"),
        ("+33612345678", "+330612345678"),
        ("+5491123456789", "+541123456789"),
        ("+541123456789", "+5491123456789"),
        ("+420601123456", "+4200601123456"),
        ("+39612345678", "+390612345678"),
    ],
)
def test_another_spelling_of_a_suppressed_number_is_not_called(
    outbound: OutboundHarness, listed: str, called: str
) -> None:
    suppress(outbound, listed)
    with pytest.raises(NumberSuppressed):
        outbound.place(phoneNumber=called)
    assert outbound.rules().get(ME, called) == outbound.rules().get(ME, listed)
    outbound.rules().release(ME, called)
    outbound.place(phoneNumber=listed)


@pytest.mark.parametrize(
    ("listed", "called"),
    [
        ("+5215512345678", "+525512345678"),
        ("+22507123456", "+2250707123456"),
        ("+22997123456", "+2290197123456"),
    ],
)
def test_a_number_that_was_listed_before_its_plan_changed_is_not_called(
    outbound: OutboundHarness, listed: str, called: str
) -> None:
    suppress(outbound, listed)
    with pytest.raises(NumberSuppressed):
        outbound.place(phoneNumber=called)


BEFORE_FOLDING = [
    ("+5491123456789", "+5491123456789"),
    ("+5491123456789", "+541123456789"),
    ("+541123456789", "+5491123456789"),
    ("+5215512345678", "+525512345678"),
    ("+551187654321", "+5511987654321"),
]
"""As an earlier version listed a number, in the key; and as it is called."""


def stored_before(number: str, who: Principal = ME) -> dict[str, Any]:
    key = {"pk": f"T#{who.tenant_mode}", "sk": f"SUPPRESSED#{number}"}
    return key | {"number": number, "reason": "asked", "added_at_ms": NOW_MS}


@pytest.mark.parametrize(("listed", "called"), BEFORE_FOLDING)
def test_a_number_that_an_earlier_version_listed_under_its_spelling_is_not_called(
    outbound: OutboundHarness, listed: str, called: str
) -> None:
    suppress(outbound, "+14155550000")
    outbound.table.write(Put(stored_before(listed)))
    with pytest.raises(NumberSuppressed):
        outbound.place(phoneNumber=called)
    assert outbound.rules().get(ME, called)["number"] == listed
    outbound.rules().release(ME, called)
    outbound.place(phoneNumber=called)
    with pytest.raises(NotFound):
        outbound.rules().get(ME, called)


@pytest.mark.parametrize(("listed", "called"), BEFORE_FOLDING)
async def test_a_waiting_call_whose_number_an_earlier_version_listed_never_rings(
    dialer: DialerHarness, listed: str, called: str
) -> None:
    call = make_call(phone_number=called)
    dialer.table.write(Put(stored_before(listed)))
    policy = CompliancePolicy(dialer.table, ManualClock())
    assert policy.rejection_reason(call) is Reason.SUPPRESSED, "at the claim"
    assert forbidden_now(policy, call) is Reason.SUPPRESSED, "before the intent"
    assert policy.rejection_reason(make_call()) is None


def test_two_spellings_are_one_number_of_the_list(outbound: OutboundHarness) -> None:
    suppress(outbound, "+447911123456", "+4407911123456")
    shown = outbound.rules().list_suppressions(ME, SuppressionQuery())["data"]
    assert [entry["number"] for entry in shown] == ["+447911123456"]


def test_the_number_that_was_accepted_is_dialled(outbound: OutboundHarness) -> None:
    assert outbound.place(phoneNumber="+4407911123456").phone_number == "+4407911123456"


def test_anothers_list_and_the_other_modes_are_their_own(outbound: OutboundHarness) -> None:
    for who in OTHERS:
        suppress(outbound, who=who)
        assert len(outbound.rules().list_suppressions(who, SuppressionQuery())["data"]) == 1
    outbound.place()
    for ask in (outbound.rules().get, outbound.rules().release):
        with pytest.raises(NotFound):
            ask(ME, CALLED_NUMBER)


@pytest.mark.parametrize(("in_ms", "holds"), [(1000, True), (-1000, False)])
def test_a_suppression_may_end(outbound: OutboundHarness, in_ms: int, holds: bool) -> None:
    suppress(outbound, expires_at="2023-11-14T22:13:21Z" if in_ms > 0 else "2023-11-14T22:13:19Z")
    compliance = CompliancePolicy(outbound.table, ManualClock())
    assert compliance.rejection_reason(make_call(phone_number=CALLED_NUMBER)) is (
        Reason.SUPPRESSED if holds else None
    )
    if holds:
        with pytest.raises(NumberSuppressed):
            outbound.place()
    else:
        outbound.place()


@pytest.mark.parametrize(
    "wrong",
    [
        {"numbers": []},
        {"numbers": ["4155552671"]},
        {"numbers": [CALLED_NUMBER, "+1 415"]},
        {"numbers": CALLED_NUMBER},
        {"numbers": [f"+1{n:010d}" for n in range(1001)]},
        {"numbers": [CALLED_NUMBER], "expires_at": "tomorrow"},
        {"numbers": [CALLED_NUMBER], "x": 1},
    ],
)
def test_bad_input_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        validated(Suppressions, wrong)
    with pytest.raises(InvalidRequest):
        validated(NumberRulesSpec, {"denied_prefixes": ["49"]} | wrong)


def test_a_list_and_prefixes_do_not_undo_each_other(outbound: OutboundHarness) -> None:
    suppress(outbound)
    outbound.rules().set_number_rules(ME, NumberRulesSpec(denied_prefixes=["+49"]))
    with pytest.raises(NumberSuppressed):
        outbound.place()
    suppress(outbound, "+14155552699")
    assert outbound.rules().number_rules(ME)["denied_prefixes"] == ["+49"]


def test_who_has_no_list_pays_for_none(outbound: OutboundHarness) -> None:
    compliance = CompliancePolicy(outbound.table, ManualClock())
    assert compliance.conditions(make_call()) == ()
    suppress(outbound)
    assert compliance.conditions(make_call()) == (), "known a minute later"
    assert len(CompliancePolicy(outbound.table, ManualClock()).conditions(make_call())) == 1


def test_prefixes_and_numbers_that_nobody_calls(outbound: OutboundHarness) -> None:
    rules = NumberRulesSpec(allowed_prefixes=["+49", "+1"], denied_prefixes=["+1415"])
    assert outbound.rules().set_number_rules(ME, rules) == {
        "allowed_prefixes": ["+49", "+1"],
        "denied_prefixes": ["+1415"],
        "frequency_cap": None,
        "default_timezone": None,
    }
    for number, why in (
        (CALLED_NUMBER, "denied_prefix"),
        ("+33123456789", "not_an_allowed_prefix"),
        ("+1911", "emergency"),
        ("+19002345678", "premium_rate"),
        ("+12", "impossible"),
        ("+61000", "emergency"),
    ):
        with pytest.raises(NumberNotAllowed, match=why):
            outbound.place(phoneNumber=number)
    outbound.place(phoneNumber="+493012345678")
    assert outbound.rules().number_rules(OTHERS[0]) == NO_RULES


async def test_a_call_that_waits_when_its_number_is_suppressed_never_rings(dialer: DialerHarness) -> None:
    dialer.calls.create(make_call())
    rules = ComplianceService(dialer.table, CompliancePolicy(dialer.table, dialer.clock), dialer.clock)
    rules.suppress(ME, Suppressions(numbers=[make_call().phone_number]))
    assert await dialer.run().serve(WAKE) is StopReason.EMPTY
    call = dialer.load()
    assert (call.state, call.reason, dialer.livekit.invites) == (State.FAILED, Reason.SUPPRESSED, [])
    assert dialer.livekit.dispatched == []
    _, events = dialer.calls.load_with_events(call.id) or (None, [])
    assert (events[-1].type, events[-1].data["reason"]) == ("failed", "suppressed")


async def test_a_call_that_waits_when_its_prefix_is_denied_never_rings(dialer: DialerHarness) -> None:
    dialer.calls.create(make_call())
    rules = ComplianceService(dialer.table, CompliancePolicy(dialer.table, dialer.clock), dialer.clock)
    rules.set_number_rules(ME, NumberRulesSpec(denied_prefixes=["+1555"]))
    await dialer.run().serve(WAKE)
    assert (dialer.load().reason, dialer.livekit.invites) == (Reason.NUMBER_NOT_ALLOWED, [])


def test_rules_are_read_once_a_minute(outbound: OutboundHarness) -> None:
    clock = ManualClock()
    compliance = CompliancePolicy(outbound.table, clock)
    assert compliance.of("tenant-1").rejection_reason(CALLED_NUMBER) is None
    outbound.rules().set_number_rules(ME, NumberRulesSpec(denied_prefixes=["+1"]))
    assert compliance.of("tenant-1").rejection_reason(CALLED_NUMBER) is None
    clock.move_s(61)
    assert compliance.of("tenant-1").rejection_reason(CALLED_NUMBER) == "denied_prefix"
    assert clock.wall_ms() > NOW_MS


def test_the_audit_log_names_the_rules_that_changed(outbound: OutboundHarness) -> None:
    rules = outbound.rules()
    for prefixes in (["+1"], ["+1"], ["+44"]):
        rules.set_number_rules(ME, validated(NumberRulesSpec, {"allowed_prefixes": prefixes}))
    entries = AuditLog(outbound.table).page(ME, AuditQuery(action="rules.changed"))["data"]
    assert sorted(entry["changed"] for entry in entries) == [[], ["allowed_prefixes"], ["allowed_prefixes"]]
