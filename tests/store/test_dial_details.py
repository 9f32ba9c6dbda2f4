"""`detail`: the carrier's or LiveKit's text about the last INVITE, on the call and in its final events."""

from __future__ import annotations

import pytest

from tests.store.fixtures_dialer import SOON, WAKE, DialerHarness
from tests.support.builders import make_call
from tests.support.clocks import NOW_MS
from trunkline.calls.reasons import Reason
from trunkline.calls.responses import call_view
from trunkline.calls.states import State
from trunkline.calls.transitions import end_call
from trunkline.calls.value_objects import Ending
from trunkline.livekit.dial_result import DialAnswer, DialResult, DialResultKind
from trunkline.livekit.sip_statuses import result_of_livekit_error, result_of_sip_status
from trunkline.webhooks.events import FINAL, EventType
from trunkline.webhooks.payload import call_data

UP = DialAnswer(DialResult(DialResultKind.ANSWERED), "PA_1", "SCL_1")
BUSY = DialAnswer(result_of_sip_status(486, "Busy Here, call +15550100001 later"))
FULL = DialAnswer(result_of_sip_status(503, "CPS limit exceeded"))
REFUSED = DialAnswer(result_of_livekit_error(400, "invalid_argument", "fail to resolve target"))


def told(dialer: DialerHarness) -> tuple[int | None, str | None]:
    """The code and the text, alike in the response and in each final event."""
    call = dialer.load()
    shown = call_view(call, [], None)
    for event_type in EventType:
        if event_type.startswith("call.") and event_type is not EventType.CALL_STARTED:
            data = call_data(call, event_type, {"entry": "queued"})
            assert ("detail" in data) is (event_type in FINAL)
            if event_type in FINAL:
                told = (data["sip_status_code"], data["detail"])
                assert told == (shown["sip_status_code"], shown["detail"])
    return shown["sip_status_code"], shown["detail"]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (BUSY, (486, "Busy Here")),
        (REFUSED, (None, "fail to resolve target")),
        (DialAnswer(DialResult(DialResultKind.FAILED, Reason.DIAL_NO_ANSWER)), (None, None)),
    ],
    ids=["carrier", "LiveKit", "no text"],
)
async def test_the_end_of_a_call_tells_why_in_the_words_of_who_refused_it(
    dialer: DialerHarness, answer: DialAnswer, expected: tuple[int | None, str | None]
) -> None:
    dialer.livekit.answer = lambda _: answer
    dialer.calls.create(make_call())
    await dialer.run().serve(WAKE)
    assert dialer.load().state is State.FAILED
    code, detail = told(dialer)
    assert (code, detail and detail.partition(",")[0]) == expected
    assert "15550100001" not in (detail or "")


async def test_words_about_an_earlier_invite_are_not_the_last_ones(dialer: DialerHarness) -> None:
    answers = iter([BUSY])
    dialer.livekit.answer = lambda _: next(answers, UP)
    dialer.calls.create(make_call(redial=SOON))
    await dialer.run().serve(WAKE)
    dialer.clock.move_s(1.5)
    await dialer.run("run-2").serve(WAKE)
    assert dialer.load().state is State.ACTIVE
    assert told(dialer) == (None, None)
    assert dialer.load().attempts[0].detail


async def test_a_call_that_ends_while_it_waits_for_its_carrier_keeps_the_carriers_words(
    dialer: DialerHarness,
) -> None:
    dialer.livekit.answer = lambda _: FULL
    dialer.calls.create(make_call())
    await dialer.run().serve(WAKE)
    expired = Ending(State.TIMEOUT, Reason.EXPIRED)
    dialer.calls.update(make_call().id, lambda call: end_call(call, expired, NOW_MS), NOW_MS)
    assert told(dialer) == (503, "CPS limit exceeded")
