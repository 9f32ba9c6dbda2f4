"""Handler of LiveKit events: any order, repeated, late or missing (rule 12)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from trunkline.calls.agent_transitions import (
    AGENT_GRACE_MS,
    agent_left,
    agent_lost,
    can_lose_agent,
    end_agent_lost,
    predecessor_left,
)
from trunkline.calls.disconnect_reasons import LOST, ending_for_disconnect
from trunkline.calls.leg_end import settle_leg
from trunkline.calls.models import RECONCILER_REACH_MS, Call, Change
from trunkline.calls.reasons import Reason
from trunkline.calls.repository import CallRepository
from trunkline.calls.states import Phase, State
from trunkline.calls.transitions import finish_attempt, store_pending_ending
from trunkline.calls.value_objects import Channel, Ending
from trunkline.calls.web_transitions import (
    on_agent_joined,
    on_caller_joined,
    on_caller_left,
    on_room_finished,
)
from trunkline.core.clock import Clock
from trunkline.core.errors import LiveKitFailed
from trunkline.dial_queue.lease import MAX_CLOCK_SKEW_MS, RUN_LEASE_MS
from trunkline.dial_queue.notifier import LaneNotifier
from trunkline.livekit.rooms import CallAttemptRef
from trunkline.livekit.webhooks import LiveKitEvent

_REMOVED = {"PARTICIPANT_REMOVED", "ROOM_DELETED", "ROOM_CLOSED", "DUPLICATE_IDENTITY"}
"""Reasons for which an agent leaves that are not its own choice."""


@dataclass(frozen=True)
class RoomActions:
    """Actions that the handler asks of LiveKit; each raises `LiveKitFailed` if it may not have been done."""

    hang_up: Callable[[CallAttemptRef], None]
    close_room: Callable[[CallAttemptRef], None]
    agent_is_in: Callable[[CallAttemptRef], bool]
    dispatch_again: Callable[[Call], None]
    check_at: Callable[[str, int], None]


class LiveKitEventHandler:
    """Applies one event at a time.

    An event about another claim changes nothing, and one about an ended call frees at most its slots. The
    id of a webhook is stored in the transaction of its change, so that a repeat changes nothing: see
    `docs/adr/0010-deduplicate-livekit-webhooks-in-the-transaction.md`.
    """

    def __init__(
        self,
        calls: CallRepository,
        notifier: LaneNotifier,
        clock: Clock,
        run_is_alive: Callable[[str], bool],
        room_actions: RoomActions,
    ) -> None:
        self._calls = calls
        self._notifier = notifier
        self._clock = clock
        self._run_is_alive = run_is_alive
        self._room_actions = room_actions

    def handle(self, event: LiveKitEvent) -> Call | None:
        """Store ids at once; apply or store an ending. Returns the changed call, or None."""
        if event.event == "participant_joined" and event.sip_participant_id:
            self._record_ids(event)
            return None
        if event.agent_job_id and event.event == "participant_left":
            self._agent_left(event.agent_job_id, event)
            return None
        now_ms = self._clock.wall_ms()
        seen: list[Call] = []

        def decide(call: Call) -> Change | None:
            seen.append(call)
            return self._transition(call, event, event.at_ms(now_ms))

        after = self._calls.update(event.claim.call_id, decide, now_ms, livekit_event_id=event.id)
        if after is None:
            return None
        self._notifier.notify_change(seen[-1], after)
        self._check_stored_ending(seen[-1], after, now_ms)
        self._check_short_limit(seen[-1], after, now_ms)
        if event.is_caller and event.event == "participant_joined" and seen[-1].is_terminal:
            # The caller joined too late. If closing the room fails, LiveKit sends the webhook again.
            self._room_actions.close_room(event.claim)
        return after

    def _check_stored_ending(self, before: Call, after: Call, now_ms: int) -> None:
        """Have the ending of an answered leg applied when the lease of a dead dial is over."""
        ending = after.pending_ending
        if ending and before.pending_ending is None and ending.state is not State.FAILED:
            self._room_actions.check_at(after.id, now_ms + RUN_LEASE_MS + MAX_CLOCK_SKEW_MS + 1)

    def _check_short_limit(self, before: Call, after: Call, now_ms: int) -> None:
        """Have a web call that has become active checked at a limit before the reconciler's next pass."""
        limit_ms = after.limit_ends_ms
        if before.state is State.ACTIVE or after.state is not State.ACTIVE or limit_ms is None:
            return
        if limit_ms <= now_ms + RECONCILER_REACH_MS:
            self._room_actions.check_at(after.id, limit_ms)

    def _record_ids(self, event: LiveKitEvent) -> None:
        ids = {"sip_participant_id": event.sip_participant_id, "sip_call_id": event.sip_call_id}
        known = {name: value for name, value in ids.items() if value}
        if known and not self._calls.record_provider_ids(event.claim.call_id, event.claim.claim, known):
            # Rule 11: a leg found on a call that has ended is removed; if that fails, LiveKit sends the
            # webhook again.
            self._room_actions.hang_up(event.claim)

    def _agent_left(self, job_id: str, event: LiveKitEvent) -> None:
        """Replace a lost agent or end its call; if that fails, LiveKit sends the webhook again."""
        lost, removed = event.disconnect_reason in LOST, event.disconnect_reason in _REMOVED
        if removed and not event.watched:
            return
        call = self._calls.load(event.claim.call_id)
        if call and predecessor_left(call, job_id):
            self._calls.update(call.id, lambda now: predecessor_left(now, job_id), self._clock.wall_ms())
        elif lost:
            self._agent_is_lost(call, job_id, event)
        elif call and not removed:
            self._agent_left_by_itself(call, job_id, event)

    def _agent_left_by_itself(self, call: Call, job_id: str, event: LiveKitEvent) -> None:
        """Have the call looked at after the grace; if the check is not sent, the reconciler does it."""
        now_ms = self._clock.wall_ms()

        def note(current: Call) -> Change | None:
            return agent_left(current, event.claim.claim, job_id, event.at_ms(now_ms))

        after = self._calls.update(call.id, note, now_ms, livekit_event_id=event.id)
        if after and after.agent_left_at_ms is not None and not after.is_terminal:
            self._room_actions.check_at(call.id, after.agent_left_at_ms + AGENT_GRACE_MS)

    def _agent_is_lost(self, call: Call | None, job_id: str, event: LiveKitEvent) -> None:
        if call and call.is_terminal and call.reason is Reason.AGENT_LOST:
            # LiveKit repeats the webhook because removing the participant failed.
            self._remove_participant(call, event.claim)
            return
        if call is None or not can_lose_agent(call, event.claim.claim, job_id):
            return
        if self._room_actions.agent_is_in(event.claim):
            return
        now_ms = self._clock.wall_ms()
        after = self._calls.update(
            call.id, lambda now: agent_lost(now, now_ms), now_ms, livekit_event_id=event.id
        )
        if after is None:
            return
        if after.agent_job_id is None and not self._redispatch_agent(after):
            after = self._calls.update(call.id, lambda now: end_agent_lost(now, now_ms), now_ms) or after
        if after.agent_lost_at_ms is not None:
            self._remove_participant(after, event.claim)

    def _redispatch_agent(self, call: Call) -> bool:
        """Dispatch an agent once: a failed dispatch may still send one, into a room that is then closed."""
        try:
            self._room_actions.dispatch_again(call)
        except LiveKitFailed:
            return False
        return True

    def _remove_participant(self, call: Call, claim: CallAttemptRef) -> None:
        if call.channel is Channel.WEB:
            self._room_actions.close_room(claim)
        else:
            self._room_actions.hang_up(claim)

    def _transition(self, call: Call, event: LiveKitEvent, now_ms: int) -> Change | None:
        if call.channel is Channel.WEB:
            return _web_decision(call, event, now_ms)
        if event.agent_job_id:
            awaited = call.redispatched_at_ms or call.handover_at_ms
            return on_agent_joined(call, event.agent_job_id, now_ms) if awaited else None
        return None if event.is_caller else self._phone_decision(call, event, now_ms)

    def _phone_decision(self, call: Call, event: LiveKitEvent, at_ms: int) -> Change | None:
        if call.claim != event.claim.claim or call.phase in (None, Phase.PREPARED):
            return None
        if call.is_terminal:
            return settle_leg(call) if _says_leg_is_gone(event) else None
        # `room_finished` comes 20 s later: it applies a stored ending whose dial has died since.
        ending = call.pending_ending or _ending(call, event, at_ms)
        if ending is None:
            return None
        if call.phase is Phase.SENT and call.owner and self._run_is_alive(call.owner):
            # The dial's own answer knows more: its owner applies both.
            return store_pending_ending(call, ending) if call.pending_ending is None else None
        return finish_attempt(call, ending, self._clock.wall_ms())


def _says_leg_is_gone(event: LiveKitEvent) -> bool:
    """Tell whether no leg of the claim is left; a duplicate identity means that another one is."""
    if event.event == "room_finished":
        return True
    return event.event == "participant_left" and event.disconnect_reason != "DUPLICATE_IDENTITY"


def _web_decision(call: Call, event: LiveKitEvent, now_ms: int) -> Change | None:
    if event.event == "room_finished":
        return settle_leg(call) if call.is_terminal else on_room_finished(call, now_ms)
    if event.is_caller:
        if event.event == "participant_joined":
            return on_caller_joined(call, now_ms)
        return on_caller_left(call, event.disconnect_reason, now_ms)
    if event.agent_job_id and event.event == "participant_joined":
        return on_agent_joined(call, event.agent_job_id, now_ms)
    return None


def _ending(call: Call, event: LiveKitEvent, at_ms: int) -> Ending | None:
    if event.event == "room_finished":
        if call.state is not State.ACTIVE:
            return None
        return Ending(State.COMPLETED, Reason.END_NOT_REPORTED, at_ms)
    answered_ms = call.answered_at_ms or call.answer_reported_at_ms
    ending = ending_for_disconnect(
        event.disconnect_reason,
        event.sip_call_status,
        answered_for_s=None if answered_ms is None else (at_ms - answered_ms) / 1000,
        max_call_duration_s=call.agent.max_call_duration_s,
        is_active=call.state is State.ACTIVE,
    )
    return replace(ending, at_ms=at_ms)
