"""LiveKit's answers and a leg's end, by the measured tables."""

from __future__ import annotations

import pytest

from trunkline.calls.disconnect_reasons import ending_for_disconnect
from trunkline.calls.reasons import Reason
from trunkline.calls.states import State
from trunkline.livekit.dial_result import DialResultKind, result_of_livekit_error, result_of_sip_status


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
    ],
)
def test_a_carriers_refusal_ends_the_attempt_with_its_reason(code: int, reason: Reason) -> None:
    verdict = result_of_sip_status(code, "")
    assert (verdict.kind, verdict.reason, verdict.sip_status_code) == (DialResultKind.FAILED, reason, code)


@pytest.mark.parametrize(
    ("code", "phrase"),
    [
        (429, ""),
        (503, "CPS limit exceeded"),
        (503, "Calls per second exceeded"),
        (403, "Rate exceeded"),
        (480, "Trunk capacity reached"),
        (486, "Too many concurrent calls"),
    ],
)
def test_a_carrier_that_refuses_the_pace_sends_the_call_back(code: int, phrase: str) -> None:
    assert result_of_sip_status(code, phrase).kind is DialResultKind.TOO_FAST


@pytest.mark.parametrize("phrase", ["Busy Here", "Service Unavailable", "Forbidden", "Separate"])
def test_ordinary_phrases_are_no_word_on_pace(phrase: str) -> None:
    assert result_of_sip_status(503, phrase).kind is DialResultKind.FAILED


@pytest.mark.parametrize(
    ("status", "code", "message", "kind"),
    [
        (408, "canceled", "twirp error unknown: sip request timed out", DialResultKind.FAILED),
        (404, "not_found", "requested sip trunk does not exist", DialResultKind.FAILED),
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


@pytest.mark.parametrize(
    ("reason", "call_status", "answered_for_s", "state", "why"),
    [
        ("CLIENT_INITIATED", "hangup", 12.0, State.COMPLETED, Reason.USER_HANGUP),
        ("CLIENT_INITIATED", "hangup", None, State.COMPLETED, Reason.USER_HANGUP),
        ("CLIENT_INITIATED", "hangup", 600.2, State.COMPLETED, Reason.MAX_DURATION_REACHED),
        ("CLIENT_INITIATED", "active", 30.0, State.DISCONNECTED, Reason.AUDIO_LOST),
        ("CLIENT_INITIATED", "dialing", None, State.FAILED, Reason.TRUNK_UNAVAILABLE),
        ("CONNECTION_TIMEOUT", "active", 30.0, State.DISCONNECTED, Reason.CONNECTION_LOST),
        ("CONNECTION_TIMEOUT", "ringing", None, State.FAILED, Reason.TRUNK_UNAVAILABLE),
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
