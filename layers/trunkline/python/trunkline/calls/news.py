"""Applies LiveKit's news to calls: any order, any number of times, late or never (rule 12)."""

from __future__ import annotations

from collections.abc import Callable

from trunkline.calls.changes import attempt_over, kept
from trunkline.calls.endings import ending_of
from trunkline.calls.model import Call, Change
from trunkline.calls.parts import Channel, Ending
from trunkline.calls.reasons import Reason
from trunkline.calls.states import Phase, State
from trunkline.calls.store import CallStore
from trunkline.calls.web_changes import agent_came, caller_came, caller_left, room_closed
from trunkline.clock import Clock
from trunkline.dialing.nudge import Nudge
from trunkline.livekit.names import ClaimName
from trunkline.livekit.webhooks import News


class NewsDesk:
    """Takes one piece of news at a time.

    Replays are harmless: news about another claim, about a call that has ended or that says what is
    known already changes nothing, and the webhook that changed a call is noted with the change, so that
    it changes it once (`docs/adr/0010-news-is-noted-with-the-change.md`).
    """

    def __init__(
        self,
        calls: CallStore,
        nudge: Nudge,
        clock: Clock,
        run_is_alive: Callable[[str], bool],
        hang_up: Callable[[ClaimName], None],
        close_room: Callable[[ClaimName], None],
    ) -> None:
        self._calls = calls
        self._nudge = nudge
        self._clock = clock
        self._run_is_alive = run_is_alive
        self._hang_up = hang_up
        self._close_room = close_room

    def take(self, news: News) -> None:
        """Write ids at once; apply or keep an end."""
        if news.event == "participant_joined" and news.sip_participant_id:
            self._note_ids(news)
            return
        now_ms = self._clock.wall_ms()
        seen: list[Call] = []

        def decide(call: Call) -> Change | None:
            seen.append(call)
            return self._decide(call, news, now_ms)

        after = self._calls.settle(news.claim.call_id, decide, now_ms, news_id=news.id)
        if after is None:
            return
        self._nudge.after(seen[-1], after)
        if news.is_caller and news.event == "participant_joined" and seen[-1].ended:
            # Too late: the call is over, and so is the stay. If that fails, LiveKit sends the webhook again.
            self._close_room(news.claim)

    def _note_ids(self, news: News) -> None:
        ids = {"sip_participant_id": news.sip_participant_id, "sip_call_id": news.sip_call_id}
        known = {name: value for name, value in ids.items() if value}
        if known and not self._calls.note_ids(news.claim.call_id, news.claim.claim, known):
            # Rule 11: a leg found on a call that has ended is removed; if that fails, LiveKit sends the
            # webhook again.
            self._hang_up(news.claim)

    def _decide(self, call: Call, news: News, now_ms: int) -> Change | None:
        if call.channel is Channel.WEB:
            return _web_decision(call, news, now_ms)
        if news.agent_job_id or news.is_caller:
            return None
        if call.ended or call.claim != news.claim.claim or call.phase in (None, Phase.PREPARED):
            return None
        ending = _ending(call, news, now_ms)
        if ending is None:
            return None
        if call.phase is Phase.SENT and call.owner and self._run_is_alive(call.owner):
            # The dial's own answer is better news than this: its owner applies whichever comes last.
            return kept(call, ending) if call.kept_ending is None else None
        return attempt_over(call, ending, now_ms)


def _web_decision(call: Call, news: News, now_ms: int) -> Change | None:
    if news.event == "room_finished":
        return room_closed(call, now_ms)
    if news.is_caller:
        if news.event == "participant_joined":
            return caller_came(call, now_ms)
        return caller_left(call, news.disconnect_reason, now_ms)
    if news.agent_job_id and news.event == "participant_joined":
        return agent_came(call, news.agent_job_id, now_ms)
    return None


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
