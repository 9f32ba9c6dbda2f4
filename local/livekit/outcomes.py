"""What happens to a dialled number: the table that `README.md` shows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """A callee's behaviour.

    `rings` is False where the carrier answers at once. `sip_status` refuses the call after
    `after_s`; without it the callee answers after `after_s` and hangs up `talk_s` later (None: never;
    the other side or the time limit ends the call). `silent` sends no audio. `no_reply` never
    answers the INVITE at all, and `after_s` of None rings on.
    """

    after_s: float | None = 0.5
    talk_s: float | None = 3.0
    sip_status: tuple[int, str] | None = None
    rings: bool = True
    silent: bool = False
    no_reply: bool = False


DEFAULT = Outcome()
OUTCOMES = {
    "+15550100001": DEFAULT,
    "+15550100002": Outcome(after_s=0.3, sip_status=(486, "Busy Here"), rings=False),
    "+15550100003": Outcome(after_s=None),
    "+15550100004": Outcome(after_s=0.1, sip_status=(503, "Service Unavailable"), rings=False),
    "+15550100005": Outcome(after_s=0.5, sip_status=(603, "Decline")),
    "+15550100006": Outcome(after_s=None, rings=False, no_reply=True),
    "+15550100007": Outcome(after_s=8.0),
    "+15550100008": Outcome(after_s=0.2, sip_status=(404, "Not Found"), rings=False),
    "+15550100009": Outcome(after_s=0.5, sip_status=(480, "Temporarily Unavailable")),
    "+15550100010": Outcome(talk_s=None, silent=True),
    "+15550100011": Outcome(talk_s=None),
    "+15550100012": Outcome(after_s=0.1, sip_status=(403, "Forbidden"), rings=False),
    "+15550100013": Outcome(after_s=0.1, talk_s=0.0),
}


def outcome_of(number: str) -> Outcome:
    """The behaviour of a number; one that is in no table answers, talks for 3 s and hangs up."""
    return OUTCOMES.get(number, DEFAULT)
