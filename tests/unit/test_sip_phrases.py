"""Phrases of carriers: what is pace, what is money, what is a block, and what says nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from trunkline.calls.reasons import Reason
from trunkline.livekit.dial_result import DialResultKind
from trunkline.livekit.sip_statuses import (
    BLOCK_CODES,
    BLOCK_PHRASES,
    MONEY_PHRASES,
    PACE_CODES,
    PACE_PHRASES,
    is_about_pace,
    result_of_sip_status,
)


@pytest.mark.parametrize(
    ("code", "phrase"),
    [
        (503, "CPS limit exceeded"),
        (503, "Calls per second exceeded"),
        (403, "Rate exceeded"),
        (480, "Trunk capacity reached"),
        (486, "Too many concurrent calls"),
        (503, "Maximum Calls In Progress"),
        (403, "Maxcalls exceeded"),
        (500, "CPS limit exceeded"),
        (486, "flood"),
        (486, "32102 Rate limit exceeded"),
        (503, "Channel limit reached"),
        (603, "Trunk CPS limit exceeded"),
        (403, "User channel limit exceeded D1"),
        (403, "CONNECTION_CHANNEL_LIMIT_EXCEEDED"),
        (403, "CPS limit breached"),
        (486, "Concurrency limit reached"),
        (503, "Throttled"),
        (503, "CAPS limit exceeded"),
        (503, "Call attempts per second exceeded"),
        (503, "calls/sec exceeded"),
        (500, "Max call rate"),
        (503, "Max Session-Rate Exceeded"),
        (480, "Rate-limited"),
        (503, "Overloaded"),
        (500, "Server overload"),
        (503, "Slow down"),
        (503, "Too many active calls"),
        (503, "Too many call attempts"),
        (503, "Maximum number of concurrent calls reached"),
        (503, "Exceeded maximum number of calls"),
        (403, "Maximum number of channels in use"),
        (403, "Max. channels reached"),
        (503, "Trunk is full"),
        (503, "All channels busy"),
        (503, "All lines busy"),
        (403, "Channels exhausted"),
        (503, "No lines available"),
        (503, "Port limit exceeded"),
        (503, "No ports available"),
        (503, "Insufficient capacity"),
        (503, "Over capacity"),
        (503, "Call Admission Control failure"),
        (503, "No load balancer target: too many calls"),
    ],
)
def test_a_carrier_that_refuses_the_pace_sends_the_call_back(code: int, phrase: str) -> None:
    assert result_of_sip_status(code, phrase).kind is DialResultKind.TOO_FAST


@pytest.mark.parametrize(
    ("code", "phrase"),
    [
        (403, "International daily spent limit reached D39"),
        (403, "Credit limit exceeded"),
        (503, "No rate found"),
        (403, "Account limited to domestic calls"),
        (503, "Insufficient balance: calls limit reached"),
        (486, "32102 Daily limit reached"),
        (480, "Monthly fee: payment required"),
        (603, "No credit"),
        (500, "Free minutes used"),
        (429, "Provide Referrer Identity"),
        (429, "Rate limit exceeded"),
        (404, "Insufficient funds"),
        (487, "Daily spend limit"),
        (600, "No credit"),
        (503, "max rate exceeded"),
        (403, "Rate per minute exceeds profile maximum D24"),
        (503, "rate too high"),
        (503, "Max cost per call exceeded"),
        (486, "Out of money"),
        (403, "Unpaid invoice: calls limited"),
        (403, "Weekly limit of calls exceeded"),
        (503, "Trial: call limit exceeded"),
        (403, "max calls per day exceeded"),
        (486, "Call limit per number exceeded: 3 calls a day"),
        (403, "too many calls to this number"),
        (480, "Hourly call limit reached"),
        (403, "Account suspended"),
        (402, "Payment Required"),
    ],
)
def test_money_and_a_bare_429_end_the_attempt(code: int, phrase: str) -> None:
    result = result_of_sip_status(code, phrase)
    assert (result.kind, result.reason) == (DialResultKind.FAILED, Reason.TRUNK_REJECTED)


@pytest.mark.parametrize(
    ("code", "phrase"),
    [
        (503, "Trunk suspended, too many calls"),
        (403, "daily CPS limit reached"),
        (503, "Refund: too many calls"),
    ],
)
def test_a_word_that_only_looks_like_money_leaves_the_pace_alone(code: int, phrase: str) -> None:
    assert result_of_sip_status(code, phrase).kind is DialResultKind.TOO_FAST


@pytest.mark.parametrize(
    ("code", "phrase"),
    [
        (603, "Network Blocked"),
        (603, "32203"),
        (608, "Rejected"),
        (403, "Outgoing call barred"),
        (403, "OUTGOING_CALL_BARRED"),
        (603, "Analytics Blocked"),
        (603, "Rejected by analytics engine"),
        (603, "Blocked"),
        (403, "Caller blocked"),
        (403, "Number blacklisted"),
        (480, "Call Blocking"),
        (403, "Call blocked by destination carrier"),
        (603, "Nuisance call"),
        (403, "Fraud detected"),
        (403, "Do not originate list"),
        (403, "Robo-call"),
    ],
)
def test_a_carriers_block_is_not_the_callees_decline(code: int, phrase: str) -> None:
    result = result_of_sip_status(code, phrase)
    assert (result.kind, result.reason) == (DialResultKind.FAILED, Reason.BLOCKED_BY_CARRIER)


@pytest.mark.parametrize(
    ("code", "phrase", "reason"),
    [
        (503, "Load balancer unavailable", Reason.TRUNK_UNAVAILABLE),
        (503, "No circuit/channel available", Reason.TRUNK_UNAVAILABLE),  # Q.850 cause 34
        (503, "NORMAL_CIRCUIT_CONGESTION", Reason.TRUNK_UNAVAILABLE),
        (503, "Switching equipment congestion", Reason.TRUNK_UNAVAILABLE),  # 42
        (503, "Network out of order", Reason.TRUNK_UNAVAILABLE),  # 38
        (404, "No route to destination", Reason.INVALID_DESTINATION),  # 3
        (404, "UNALLOCATED_NUMBER", Reason.INVALID_DESTINATION),  # 1
        (480, "NO_USER_RESPONSE", Reason.DIAL_NO_ANSWER),  # 18
        (486, "USER_BUSY", Reason.DIAL_BUSY),  # 17
        (403, "CALL_REJECTED", Reason.TRUNK_REJECTED),  # 21
        (500, "Server error", Reason.TRUNK_UNAVAILABLE),
        (603, "Unwanted call", Reason.USER_DECLINED),
    ],
)
def test_another_phrase_leaves_the_reason_to_the_code(code: int, phrase: str, reason: Reason) -> None:
    result = result_of_sip_status(code, phrase)
    assert (result.kind, result.reason) == (DialResultKind.FAILED, reason)


_SURROUNDING = st.text(alphabet="xyz :;()/", max_size=20)


_CASES = st.sampled_from([str.upper, str.lower, str.title])


def _phrases(patterns: tuple[str, ...]) -> st.SearchStrategy[str]:
    return st.sampled_from(patterns).flatmap(lambda each: st.from_regex(each, fullmatch=True))


@given(st.sampled_from(sorted(PACE_CODES)), _phrases(PACE_PHRASES), _CASES, _SURROUNDING, _SURROUNDING)
def test_a_phrase_about_pace_counts_in_any_case_and_with_text_around_it(
    code: int, phrase: str, case: Callable[[str], str], before: str, after: str
) -> None:
    text = f"{before} {case(phrase)} {after}"
    assume(is_about_pace(phrase))  # not also about money
    assert result_of_sip_status(code, text).kind is DialResultKind.TOO_FAST


@given(st.sampled_from(sorted(PACE_CODES)), _phrases(MONEY_PHRASES), _CASES, _phrases(PACE_PHRASES))
def test_a_phrase_about_money_outweighs_one_about_pace(
    code: int, phrase: str, case: Callable[[str], str], pace: str
) -> None:
    result = result_of_sip_status(code, f"{pace} {case(phrase)}")
    assert result.kind is DialResultKind.FAILED
    assert result.reason in (Reason.TRUNK_REJECTED, Reason.BLOCKED_BY_CARRIER)


@given(st.sampled_from(sorted(BLOCK_CODES)), _phrases(BLOCK_PHRASES), _CASES, _SURROUNDING)
def test_a_phrase_about_a_block_counts_in_any_case(
    code: int, phrase: str, case: Callable[[str], str], after: str
) -> None:
    assert result_of_sip_status(code, f"({case(phrase)}) {after}").reason is Reason.BLOCKED_BY_CARRIER


@pytest.mark.parametrize("phrase", ["Busy Here", "Service Unavailable", "Forbidden", "Separate"])
def test_ordinary_phrases_are_no_word_on_pace(phrase: str) -> None:
    assert result_of_sip_status(503, phrase).kind is DialResultKind.FAILED
