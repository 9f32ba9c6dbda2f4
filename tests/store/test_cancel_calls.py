"""Cancelling many calls in one request: a result for each, and never another tenant's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.store.fixtures_dialer import DialerHarness, make_cancel_service
from tests.store.fixtures_outbound import ME, OTHER
from tests.support.builders import make_call
from tests.support.clocks import ManualClock
from trunkline.auth.principal import Principal
from trunkline.call_control.cancel_calls import DEADLINE_S, MAX_CALLS, CallCancellation, CancelCallsService
from trunkline.calls.models import Call
from trunkline.calls.reasons import Reason
from trunkline.calls.states import Phase, State
from trunkline.core.errors import InvalidRequest, LiveKitFailed
from trunkline.core.logging import logger
from trunkline.core.validation import validated


def service(dialer: DialerHarness, hang_up: object = lambda _: None) -> CancelCallsService:
    cancel = make_cancel_service(dialer, hang_up)  # type: ignore[arg-type]
    return CancelCallsService(cancel, dialer.clock, logger("test"))


def cancel(service: CancelCallsService, ids: list[str], principal: Principal = ME) -> dict[str, str]:
    results = service.cancel(principal, CallCancellation(call_ids=ids))["data"]
    assert [each["call_id"] for each in results] == list(dict.fromkeys(ids))
    return {each["call_id"]: each["result"] for each in results}


async def test_each_call_has_a_result_of_its_own(dialer: DialerHarness) -> None:
    ended = {"state": State.COMPLETED, "reason": Reason.USER_HANGUP, "ended_at_ms": 1}
    ringing = {"state": State.CONNECTING, "phase": Phase.SENT, "claim": 1, "connecting_at_ms": 1}
    for call in (make_call(1), make_call(2, **ringing), make_call(3, **ended), make_call(4)):
        dialer.calls.create(call)
    hung_up: list[str] = []

    def hang_up(call: Call) -> None:
        hung_up.append(call.id)

    cancels = service(dialer, hang_up)
    cancels.cancel_call.cancel(ME, make_call(4).id)
    ids = [make_call(number).id for number in (1, 2, 3, 4, 5)] + ["no id", make_call(1).id]
    expected = ["cancelled", "requested", "ended", "cancelled", "not_found", "not_found"]
    assert list(cancel(cancels, ids).values()) == expected
    assert hung_up == [make_call(2).id]
    assert dialer.load(1).state is State.CANCELLED
    assert list(cancel(cancels, ids).values()) == expected, "a repeat does no harm"


async def test_another_tenants_calls_are_not_found_and_go_on(dialer: DialerHarness) -> None:
    dialer.calls.create(make_call(1))
    for stranger in (OTHER, replace(ME, livemode=False)):
        assert cancel(service(dialer), [make_call(1).id], stranger) == {make_call(1).id: "not_found"}
    assert dialer.load(1).state is State.QUEUED


async def test_a_failure_of_one_call_leaves_the_others_theirs(dialer: DialerHarness) -> None:
    ringing = {"state": State.CONNECTING, "phase": Phase.SENT, "claim": 1, "connecting_at_ms": 1}
    dialer.calls.create(make_call(1, **ringing))
    dialer.calls.create(make_call(2))

    def fail(_: Call) -> None:
        raise LiveKitFailed

    ids = [make_call(1).id, make_call(2).id]
    assert list(cancel(service(dialer, fail), ids).values()) == ["try_again", "cancelled"]
    assert dialer.load(1).cancel_requested_at_ms, "the lane run hangs up"


async def test_no_call_is_begun_when_time_is_up(dialer: DialerHarness) -> None:
    for number in (1, 2):
        dialer.calls.create(make_call(number, state=State.CONNECTING, phase=Phase.SENT, connecting_at_ms=1))

    clock = ManualClock()

    def be_slow(_: Call) -> None:
        clock.move_s(DEADLINE_S)

    ids = [make_call(1).id, make_call(2).id]
    slow = replace(service(dialer, be_slow), clock=clock)
    assert list(cancel(slow, ids).values()) == ["requested", "try_again"]
    assert not dialer.load(2).cancel_requested_at_ms


@pytest.mark.parametrize("ids", [[], ["x"] * (MAX_CALLS + 1), [1], "x", None])
def test_a_body_without_a_list_of_ids_is_refused(ids: object) -> None:
    with pytest.raises(InvalidRequest):
        validated(CallCancellation, {"call_ids": ids})
