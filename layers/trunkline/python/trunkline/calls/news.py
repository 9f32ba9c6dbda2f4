"""Applies LiveKit's news to calls: any order, any number of times, late or never (rule 12)."""

from __future__ import annotations

from collections.abc import Callable

from trunkline.calls.changes import attempt_over, kept
from trunkline.calls.endings import ending_of
from trunkline.calls.model import Call, Change, Ending
from trunkline.calls.reasons import Reason
from trunkline.calls.states import Phase, State
from trunkline.calls.store import CallStore
from trunkline.clock import Clock
from trunkline.dialing.nudge import Nudge
from trunkline.livekit.names import ClaimName
from trunkline.livekit.webhooks import News


class NewsDesk:
    """Takes one piece of news at a time.

    Replays are harmless without a memory of ids: news about another claim, about a call that has
    ended or that says what is known already changes nothing.
    """

    def __init__(
        self,
        calls: CallStore,
        nudge: Nudge,
        clock: Clock,
        run_is_alive: Callable[[str], bool],
        hang_up: Callable[[ClaimName], None],
    ) -> None:
        self._calls = calls
        self._nudge = nudge
        self._clock = clock
        self._run_is_alive = run_is_alive
        self._hang_up = hang_up

    def take(self, news: News) -> None:
        """Write ids at once; apply or keep an end."""
        if news.event == "participant_joined":
            self._note_ids(news)
            return
        now_ms = self._clock.wall_ms()
        seen: list[Call] = []

        def decide(call: Call) -> Change | None:
            seen.append(call)
            return self._decide(call, news, now_ms)

        after = self._calls.settle(news.claim.call_id, decide, now_ms)
        if after:
            self._nudge.after(seen[-1], after)

    def _note_ids(self, news: News) -> None:
        ids = {"sip_participant_id": news.sip_participant_id, "sip_call_id": news.sip_call_id}
        known = {name: value for name, value in ids.items() if value}
        if known and not self._calls.note_ids(news.claim.call_id, news.claim.claim, known):
            # Rule 11: a leg found on a call that has ended is removed; if that fails, LiveKit sends the
            # webhook again.
            self._hang_up(news.claim)

    def _decide(self, call: Call, news: News, now_ms: int) -> Change | None:
        if call.ended or call.claim != news.claim.claim or call.phase in (None, Phase.PREPARED):
            return None
        ending = _ending(call, news, now_ms)
        if ending is None:
            return None
        if call.phase is Phase.SENT and call.owner and self._run_is_alive(call.owner):
            # The dial's own answer is better news than this: its owner applies whichever comes last.
            return kept(call, ending) if call.kept_ending is None else None
        return attempt_over(call, ending, now_ms)


def _ending(call: Call, news: News, now_ms: int) -> Ending | None:
    if news.event == "room_finished":
        if call.state is not State.ACTIVE:
            return None
        return Ending(State.COMPLETED, Reason.END_NOT_REPORTED)
    answered_for_s = None
    if call.answered_at_ms is not None:
        answered_for_s = (now_ms - call.answered_at_ms) / 1000
    return ending_of(
        news.disconnect_reason,
        news.sip_call_status,
        answered_for_s=answered_for_s,
        max_call_duration_s=call.agent.max_call_duration_s,
    )
