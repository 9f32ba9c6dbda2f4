"""The dial protocol as a machine: runs, zombies, cancels, lost events and a reconciler in any order.

The stores, the transitions, the reconciler and the event handler are the real ones; LiveKit, the table and
the runs' steps are models. Oracle: the INVITEs that LiveKit has seen.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.support.builders import TRUNK, make_call
from tests.support.stubs import GUARD
from tests.unit.fixtures_dial_protocol import DialProtocolHarness, reconcile
from trunkline.calls.calling_policy import RedialPolicy
from trunkline.calls.models import Call, StaleCall
from trunkline.calls.reasons import Reason
from trunkline.calls.repository import NoFreeSlot
from trunkline.calls.states import Phase, State
from trunkline.calls.transitions import claim_call, record_intent, request_cancel, requeue
from trunkline.dialer.apply_result import apply_dial_result
from trunkline.dialer.queue_reader import enqueue_due_calls
from trunkline.livekit.client import TOKEN_LEEWAY_MS
from trunkline.livekit.dial_result import DialAnswer, DialResult, DialResultKind
from trunkline.livekit.rooms import CallAttemptRef, room_name
from trunkline.livekit.webhooks import LiveKitEvent
from trunkline.storage.keys.dialing import queue_key, scheduled_key

CALLS, MAX_CONCURRENT = 2, 1
RUNS = st.sampled_from(["run-1", "run-2"])
NUMBERS = st.integers(1, CALLS)
TWICE = RedialPolicy(2, ("busy", "no_answer", "unknown"), (60,))


def _left(claim: CallAttemptRef, status: str) -> LiveKitEvent:
    return LiveKitEvent(
        "participant_left", claim, disconnect_reason="USER_UNAVAILABLE", sip_call_status=status
    )


class DialProtocol(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        harness = DialProtocolHarness()
        self.harness, self.table, self.clock = harness, harness.table, harness.clock
        self.calls, self.trunks, self.lanes = harness.calls, harness.trunks, harness.lanes
        self.livekit, self.reconciler, self.events = harness.livekit, harness.reconciler, harness.events
        self.seen: dict[tuple[str, int], Call] = {}
        self.to_send: dict[tuple[str, int], Call] = {}
        self.refused: set[tuple[str, int]] = set()
        self.ended: dict[str, Call] = {}

    @initialize()
    def accept(self) -> None:
        self.trunks.create(replace(TRUNK, max_concurrent_calls=MAX_CONCURRENT))
        self.trunks.grant(TRUNK.id, "tenant-1")
        for number in range(1, CALLS + 1):
            self.calls.create(make_call(number, redial=TWICE))

    @rule(run=RUNS, number=NUMBERS)
    def claim(self, run: str, number: int) -> None:
        call = self.now(number)
        if not call.is_waiting or call.due_ms is not None:
            return
        self.lanes.renew_run(run)
        change = claim_call(call, run, room_name(call.id, call.claim + 1), {TRUNK.id: MAX_CONCURRENT})
        with contextlib.suppress(StaleCall, NoFreeSlot):
            self.seen[run, number] = self.calls.apply(call, change, self.clock.wall_ms())

    @rule(run=RUNS, number=NUMBERS)
    def intend(self, run: str, number: int) -> None:
        """Also by a zombie: its snapshot may be as old as it likes."""
        call = self.seen.get((run, number))
        if call is None or call.phase is not Phase.PREPARED:
            return
        now_ms = self.clock.wall_ms()
        try:
            sent = self.calls.apply(
                call, record_intent(call, now_ms, intent="i", token_expires_at_ms=now_ms + 5000), now_ms
            )
        except StaleCall:
            del self.seen[run, number]
            return
        self.seen[run, number] = self.to_send[run, number] = sent

    @rule(run=RUNS, number=NUMBERS)
    def send(self, run: str, number: int) -> None:
        """The request arrives, maybe late; LiveKit takes its token until its leeway is over."""
        call = self.to_send.pop((run, number), None)
        if call is None or self.clock.wall_ms() > (call.token_expires_at_ms or 0) + TOKEN_LEEWAY_MS:
            return
        key = (call.id, call.claim)
        self.livekit.invites.append(key)
        self.livekit.legs[key] = "ringing"
        current = self.now(number)
        still_its_own = (current.claim, current.phase) == (call.claim, Phase.SENT)
        assert still_its_own, "an attempt that was over was dialled"

    @rule(run=RUNS, number=NUMBERS, kind=st.sampled_from(list(DialResultKind)))
    def verdict(self, run: str, number: int, kind: DialResultKind) -> None:
        call = self.seen.get((run, number))
        if call is None or call.phase is not Phase.SENT:
            return
        arrived = (run, number) not in self.to_send
        if not arrived and kind is not DialResultKind.NOT_SENT:
            kind = DialResultKind.UNKNOWN
        if arrived and kind is DialResultKind.NOT_SENT:
            return
        self.to_send.pop((run, number), None) if kind is DialResultKind.NOT_SENT else None
        del self.seen[run, number]
        self._leg_after(call, kind)
        verdict = DialResult(kind, Reason.DIAL_BUSY if kind is DialResultKind.FAILED else None)
        now_ms = self.clock.wall_ms()

        def decide(current: Call) -> Any:
            if (current.claim, current.owner) != (call.claim, run) or current.is_terminal:
                return None
            if kind in (DialResultKind.TOO_FAST, DialResultKind.NOT_SENT):
                return requeue(current, now_ms, why="x")
            return apply_dial_result(current, DialAnswer(verdict), now_ms)

        self.calls.update(call.id, decide, now_ms)

    def _leg_after(self, call: Call, kind: DialResultKind) -> None:
        key = (call.id, call.claim)
        if kind is DialResultKind.ANSWERED and key in self.livekit.legs:
            self.livekit.legs[key] = "active"
        if kind in (DialResultKind.FAILED, DialResultKind.TOO_FAST):
            self.livekit.legs.pop(key, None)
        if kind is DialResultKind.TOO_FAST:
            self.refused.add(key)

    @rule(run=RUNS, number=NUMBERS, seconds=st.sampled_from([4, 17, 64, 66, 80]))
    def stop_before_the_socket(self, run: str, number: int, seconds: int) -> None:
        """A process that is stopped after its intent, looked after meanwhile, and goes on."""
        self.claim(run, number)
        self.intend(run, number)
        self.clock.move_s(seconds)
        self.run_reconciler()
        self.send(run, number)

    @rule(run=RUNS, number=NUMBERS)
    def refused_and_dialled_again(self, run: str, number: int) -> None:
        self.claim(run, number)
        self.intend(run, number)
        self.send(run, number)
        self.verdict(run, number, DialResultKind.TOO_FAST)
        self.claim(run, number)
        self.intend(run, number)

    @rule(run=RUNS)
    def crash(self, run: str) -> None:
        self.seen = {key: call for key, call in self.seen.items() if key[0] != run}
        self.to_send = {key: call for key, call in self.to_send.items() if key[0] != run}

    @rule(run=RUNS)
    def beat(self, run: str) -> None:
        self.lanes.renew_run(run)

    @rule(number=NUMBERS)
    def cancel(self, number: int) -> None:
        before, now_ms = self.now(number), self.clock.wall_ms()
        after = self.calls.update(before.id, lambda call: request_cancel(call, now_ms), now_ms)
        if before.is_waiting or before.phase is Phase.PREPARED:
            assert after is not None
            assert after.state is State.CANCELLED

    @precondition(lambda self: self.livekit.legs)
    @rule(choice=st.randoms(), told=st.booleans(), answered=st.booleans())
    def leg_ends(self, choice: Any, told: bool, answered: bool) -> None:
        key = choice.choice(sorted(self.livekit.legs))
        status = "hangup" if answered or self.livekit.legs[key] == "active" else "ringing"
        del self.livekit.legs[key]
        if told:
            self.events.handle(_left(CallAttemptRef(*key), status))

    @rule(number=NUMBERS, claim=st.integers(1, 4))
    def old_news(self, number: int, claim: int) -> None:
        """Of a leg that is not there any more, or never was."""
        key, before = (make_call(number).id, claim), self.now(number)
        if key not in self.livekit.legs and key in self.livekit.invites:
            self.events.handle(_left(CallAttemptRef(*key), "hangup"))
            assert claim == before.claim or self.now(number) == before, "news about another claim"

    @rule()
    def run_reconciler(self) -> None:
        asyncio.run(reconcile(self.reconciler))

    @rule()
    def let_in_due(self) -> None:
        enqueue_due_calls(self.calls, TRUNK.id, self.clock.wall_ms(), GUARD)

    @rule(seconds=st.sampled_from([1, 6, 17, 61, 80]))
    def time_passes(self, seconds: int) -> None:
        self.clock.move_s(seconds)

    @invariant()
    def one_invite_an_attempt(self) -> None:
        assert len(self.livekit.invites) == len(set(self.livekit.invites)), "a claim was dialled twice"
        for number in range(1, CALLS + 1):
            call_id = make_call(number).id
            real = [key for key in self.livekit.invites if key[0] == call_id and key not in self.refused]
            assert len(real) <= TWICE.max_attempts, "an attempt was dialled twice"

    @invariant()
    def places_and_slots_follow_the_calls(self) -> None:
        held = 0
        for call in self.all():
            in_line = self.table.get(queue_key(TRUNK.id, call.queue_position)) is not None
            due = call.due_ms is not None and bool(
                self.table.get(scheduled_key(TRUNK.id, call.due_ms, call.id))
            )
            assert in_line == (call.is_waiting and call.due_ms is None)
            assert due == (call.is_waiting and call.due_ms is not None)
            held += len(call.slots)
        assert self.trunks.slots_taken(TRUNK.id) == held == len(list(self.trunks.slots(TRUNK.id)))
        assert held <= MAX_CONCURRENT

    @invariant()
    def legs_never_outnumber_the_slots(self) -> None:
        live = [key for key in self.livekit.legs if self.claim_of(key[0]) == key[1]]
        assert len(live) <= MAX_CONCURRENT

    @invariant()
    def what_has_ended_stays_as_it_is(self) -> None:
        for call in self.all():
            if call.id in self.ended:
                assert call == self.ended[call.id]
            if call.is_terminal:
                self.ended[call.id] = call

    def teardown(self) -> None:
        """Rule 16: whatever was left, everybody's end is found."""
        if not self.table.items:
            return
        self.seen.clear()
        self.to_send.clear()
        self.livekit.legs.clear()
        for _ in range(8):
            self.clock.move_s(3600)
            asyncio.run(reconcile(self.reconciler))
        assert all(call.is_terminal for call in self.all()), [
            call for call in self.all() if not call.is_terminal
        ]
        assert self.trunks.slots_taken(TRUNK.id) == 0
        assert all(call.state is not State.CONNECTING for call in self.all())

    def now(self, number: int) -> Call:
        call = self.calls.load(make_call(number).id)
        assert call is not None
        return call

    def all(self) -> list[Call]:
        if not self.table.items:
            return []
        return [self.now(number) for number in range(1, CALLS + 1)]

    def claim_of(self, call_id: str) -> int:
        call = self.calls.load(call_id)
        return call.claim if call else 0


DialProtocol.TestCase.settings = settings(
    max_examples=150, stateful_step_count=60, deadline=None, suppress_health_check=list(HealthCheck)
)
TestDialProtocol = DialProtocol.TestCase
