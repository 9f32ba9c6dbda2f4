"""Test numbers and the behaviour of their callees: the table of `docs/test-mode.md`. Pure.

Test mode and the local LiveKit stand-in share it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TestNumber:
    """A callee's behaviour, and the agent's with it; times in seconds.

    `rings` is False where the carrier answers at once. `sip_status` refuses the call after
    `after_s`; without it the callee answers after `after_s` and hangs up `talk_s` later (None: never;
    the other side or the time limit ends the call). `livekit_error` fails the dial with an HTTP status, a
    Twirp code and a text of LiveKit's own. `silent` sends no audio. `after_s` of None rings on.
    `full_claims` are refused first, as by a trunk that is full. `machine` picks up in place of a person,
    `drops` vanishes at the end, and `turns` are said. `agent_joins_after_s` is the agent's delay (None: it
    never comes).
    """

    after_s: float | None = 0.5
    talk_s: float | None = 3.0
    sip_status: tuple[int, str] | None = None
    livekit_error: tuple[int, str, str] | None = None
    rings: bool = True
    silent: bool = False
    full_claims: int = 0
    machine: bool = False
    drops: bool = False
    turns: int = 2
    agent_joins_after_s: float | None = 0.3


FULL = (503, "Channel limit reached")
NO_RESPONSE = (408, "deadline_exceeded", "transaction failed to complete (0 intermediate responses)")
NO_CODEC = (400, "invalid_argument", "common audio codec not found")
UNREACHABLE = (400, "invalid_argument", "fail to resolve target")
NO_CREDENTIALS = (412, "failed_precondition", "max auth retry attempts reached")
DEFAULT = TestNumber()
TEST_NUMBERS = {
    "+15550100001": DEFAULT,
    "+15550100002": TestNumber(after_s=0.3, sip_status=(486, "Busy Here"), rings=False),
    "+15550100003": TestNumber(after_s=None),
    "+15550100004": TestNumber(after_s=0.1, sip_status=(503, "Service Unavailable"), rings=False),
    "+15550100005": TestNumber(after_s=0.5, sip_status=(603, "Decline")),
    "+15550100006": TestNumber(after_s=32.0, rings=False, livekit_error=NO_RESPONSE),
    "+15550100007": TestNumber(after_s=8.0),
    "+15550100008": TestNumber(after_s=0.2, sip_status=(404, "Not Found"), rings=False),
    "+15550100009": TestNumber(after_s=0.5, sip_status=(480, "Temporarily Unavailable")),
    "+15550100010": TestNumber(talk_s=None, silent=True),
    "+15550100011": TestNumber(talk_s=None),
    "+15550100012": TestNumber(after_s=0.1, sip_status=(403, "Forbidden"), rings=False),
    "+15550100013": TestNumber(after_s=0.1, talk_s=0.0),
    "+15550100014": TestNumber(after_s=1.0, machine=True, turns=1),
    "+15550100015": TestNumber(full_claims=1),
    "+15550100016": TestNumber(agent_joins_after_s=6.0),
    "+15550100017": TestNumber(agent_joins_after_s=None),
    "+15550100018": TestNumber(talk_s=2.0, drops=True),
    "+15550100019": TestNumber(talk_s=10.0, turns=400),
    "+15550100020": TestNumber(after_s=0.1, sip_status=(603, "Network Blocked"), rings=False),
    "+15550100021": TestNumber(after_s=0.1, sip_status=(403, "Daily spent limit reached"), rings=False),
    "+15550100022": TestNumber(after_s=0.5, livekit_error=NO_CODEC, rings=False),
    "+15550100023": TestNumber(after_s=0.1, livekit_error=UNREACHABLE, rings=False),
    "+15550100024": TestNumber(after_s=0.3, livekit_error=NO_CREDENTIALS, rings=False),
}


def lookup_test_number(number: str) -> TestNumber:
    """Return a number's behaviour; any other number answers, talks for 3 s and hangs up."""
    return TEST_NUMBERS.get(number, DEFAULT)
