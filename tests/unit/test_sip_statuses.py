"""LiveKit's answers and a leg's end, by the measured tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.calls.calling_policy import RedialPolicy, RetryOn
from trunkline.calls.disconnect_reasons import ending_for_disconnect
from trunkline.calls.reasons import Reason
from trunkline.calls.states import State
from trunkline.livekit.dial_result import DialResultKind
from trunkline.livekit.sip_statuses import result_of_livekit_error, result_of_sip_status


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (486, Reason.DIAL_BUSY),
        (600, Reason.DIAL_BUSY),
        (480, Reason.DIAL_NO_ANSWER),
        (408, Reason.DIAL_NO_ANSWER),
        (603, Reason.USER_DECLINED),
        (607, Reason.USER_DECLINED),
        (404, Reason.INVALID_DESTINATION),
        (484, Reason.INVALID_DESTINATION),
        (403, Reason.TRUNK_REJECTED),
        (488, Reason.TRUNK_REJECTED),
        (500, Reason.TRUNK_UNAVAILABLE),
        (503, Reason.TRUNK_UNAVAILABLE),
        (499, Reason.TRUNK_REJECTED),
        (401, Reason.TRUNK_AUTH_FAILED),
        (407, Reason.TRUNK_AUTH_FAILED),
        (429, Reason.TRUNK_REJECTED),
        (608, Reason.BLOCKED_BY_CARRIER),
    ],
)
def test_a_carriers_refusal_ends_the_attempt_with_its_reason(code: int, reason: Reason) -> None:
    verdict = result_of_sip_status(code, "")
    assert (verdict.kind, verdict.reason, verdict.sip_status_code) == (DialResultKind.FAILED, reason, code)


@pytest.mark.parametrize(
    ("status", "code", "text", "reason"),
    [
        (412, "failed_precondition", "sip server required auth, but no username", Reason.TRUNK_AUTH_FAILED),
        (412, "failed_precondition", "max auth retry attempts reached", Reason.TRUNK_AUTH_FAILED),
        (412, "failed_precondition", "transport<TCP> dial err: refused", Reason.TRUNK_UNREACHABLE),
        (400, "invalid_argument", "fail to resolve target sip.invalid", Reason.TRUNK_UNREACHABLE),
        (
            408,
            "deadline_exceeded",
            "transaction failed to complete (0 intermediate responses)",
            Reason.TRUNK_NO_RESPONSE,
        ),
        (
            408,
            "deadline_exceeded",
            "transaction failed to complete (2 intermediate responses)",
            Reason.DIAL_NO_ANSWER,
        ),
        (400, "invalid_argument", "common audio codec not found", Reason.MEDIA_FAILED),
    ],
)
def test_livekits_texts_about_the_trunk_are_no_callees_answer(
    status: int, code: str, text: str, reason: Reason
) -> None:
    result = result_of_livekit_error(status, code, f"twirp error unknown: {text}")
    assert (result.kind, result.reason) == (DialResultKind.FAILED, reason)


@given(st.integers(300, 699), st.text(max_size=40))
def test_any_refusal_has_a_reason_and_none_is_unknown(code: int, phrase: str) -> None:
    result = result_of_sip_status(code, phrase)
    assert result.reason is not None
    assert result.kind in {DialResultKind.FAILED, DialResultKind.TOO_FAST}


@pytest.mark.parametrize(
    ("status", "code", "message", "kind"),
    [
        (408, "canceled", "twirp error unknown: sip request timed out", DialResultKind.FAILED),
        (404, "not_found", "requested sip trunk does not exist", DialResultKind.NOT_SENT),
        (503, "unavailable", "twirp error unknown: no response from servers", DialResultKind.NOT_SENT),
        (503, "unavailable", "twirp error unknown: cpu exhausted", DialResultKind.NOT_SENT),
        (
            500,
            "internal",
            "twirp error unknown: update room failed: timed out publishing track",
            DialResultKind.NOT_SENT,
        ),
        (500, "internal", "twirp error unknown: sip not connected (redis required)", DialResultKind.NOT_SENT),
        (401, "unauthenticated", "permissions denied", DialResultKind.NOT_SENT),
        (401, "unknown", "", DialResultKind.NOT_SENT),
        (500, "internal", "boom", DialResultKind.UNKNOWN),
        (502, "unknown", "", DialResultKind.UNKNOWN),
        (503, "unavailable", "upstream connect error", DialResultKind.UNKNOWN),
        (404, "not_found", "participant does not exist", DialResultKind.UNKNOWN),
    ],
)
def test_livekits_own_errors_return_a_call_only_on_proof(
    status: int, code: str, message: str, kind: DialResultKind
) -> None:
    assert result_of_livekit_error(status, code, message).kind is kind


def test_only_an_answer_of_the_sip_service_says_that_it_has_processed_the_dial() -> None:
    """livekit-server itself gives up on a SIP service that hangs: that says nothing of the INVITE."""
    timed_out = result_of_livekit_error(408, "deadline_exceeded", "request timed out")
    assert not timed_out.is_of_sip_service
    assert result_of_livekit_error(
        408, "canceled", "twirp error unknown: sip request timed out"
    ).is_of_sip_service
    assert not result_of_livekit_error(503, "unavailable", "no response from servers").is_of_sip_service
    assert not result_of_livekit_error(500, "internal", "panic").is_of_sip_service
    assert result_of_livekit_error(412, "failed_precondition", "no common audio codec").is_of_sip_service
    assert result_of_sip_status(480, "Temporarily Unavailable").is_of_sip_service
    assert result_of_sip_status(503, "Maximum Calls In Progress").is_of_sip_service


@pytest.mark.parametrize(
    ("reason", "call_status", "answered_for_s", "state", "why"),
    [
        ("CLIENT_INITIATED", "hangup", 12.0, State.COMPLETED, Reason.USER_HANGUP),
        ("CLIENT_INITIATED", "hangup", None, State.COMPLETED, Reason.USER_HANGUP),
        ("CLIENT_INITIATED", "hangup", 600.2, State.COMPLETED, Reason.MAX_DURATION_REACHED),
        ("CLIENT_INITIATED", "active", 30.0, State.DISCONNECTED, Reason.AUDIO_LOST),
        ("CLIENT_INITIATED", "dialing", None, State.FAILED, Reason.TRUNK_UNAVAILABLE),
        ("CLIENT_INITIATED", "ringing", None, State.FAILED, Reason.DIAL_UNKNOWN),
        ("CONNECTION_TIMEOUT", "active", 30.0, State.DISCONNECTED, Reason.CONNECTION_LOST),
        ("CONNECTION_TIMEOUT", "ringing", None, State.FAILED, Reason.DIAL_UNKNOWN),
        ("MEDIA_FAILURE", "dialing", None, State.FAILED, Reason.MEDIA_FAILED),
        ("USER_REJECTED", "ringing", None, State.FAILED, Reason.USER_DECLINED),
        ("USER_UNAVAILABLE", "ringing", None, State.FAILED, Reason.DIAL_NO_ANSWER),
        ("PARTICIPANT_REMOVED", "active", 9.0, State.COMPLETED, Reason.AGENT_HANGUP),
        ("ROOM_DELETED", "active", 9.0, State.COMPLETED, Reason.AGENT_HANGUP),
        ("ROOM_DELETED", "ringing", None, State.FAILED, Reason.REMOVED_BEFORE_ANSWER),
        ("SOMETHING_NEW", "dialing", None, State.FAILED, Reason.DIAL_UNKNOWN),
    ],
)
def test_a_legs_end_is_read_from_both_its_reason_and_its_call_status(
    reason: str, call_status: str, answered_for_s: float | None, state: State, why: Reason
) -> None:
    ending = ending_for_disconnect(
        reason, call_status, answered_for_s=answered_for_s, max_call_duration_s=600
    )
    assert (ending.state, ending.reason) == (state, why)


@pytest.mark.parametrize(
    ("phrase", "detail"),
    [
        ("CPS limit exceeded", "CPS limit exceeded"),
        ("Blocked\r\nX: \x00\x1b[31mred", "Blocked  X:   [31mred"),
        ("sip:+15551234567@host eyJhbGciOiJIUzI1NiJ9.e30.c2ln", "sip:+…4567@host [redacted]"),
        ("tel 0049 151 2345678", "tel …5678"),
        ("", None),
    ],
)
def test_a_carriers_text_is_kept_without_what_could_harm(phrase: str, detail: str | None) -> None:
    assert result_of_sip_status(503, phrase).detail == detail


def test_livekits_own_text_is_kept() -> None:
    result = result_of_livekit_error(404, "not_found", "requested sip trunk does not exist")
    assert result.detail == "requested sip trunk does not exist"


@given(st.text(max_size=2_000))
def test_any_text_is_cut_to_one_short_line(text: str) -> None:
    detail = result_of_sip_status(500, text).detail or ""
    assert len(detail) <= 160
    assert detail.isprintable()


def test_a_leg_that_died_with_the_sip_service_is_redialled_by_an_explicit_word_only() -> None:
    ending = ending_for_disconnect(
        "CONNECTION_TIMEOUT", "ringing", answered_for_s=None, max_call_duration_s=60
    )
    redialled_on = {
        word for word in RetryOn if RedialPolicy(2, (word,), (1,)).due_ms(1, ending.reason, 0) is not None
    }
    assert redialled_on == {RetryOn.UNKNOWN}
