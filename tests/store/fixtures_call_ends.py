"""The handler of LiveKit's webhooks beside a reconciler, on one call."""

from __future__ import annotations

from dataclasses import replace

from tests.store.fixtures_reconciler import ReconcilerHarness
from tests.support.builders import make_call
from tests.support.stubs import NullRoomActions, RecordedWakeups, make_notifier
from trunkline.call_control.livekit_events import LiveKitEventHandler
from trunkline.calls.models import Call
from trunkline.livekit.rooms import CallAttemptRef
from trunkline.livekit.webhooks import LiveKitEvent


class Events:
    """The handler of LiveKit's webhooks beside a reconciler's harness; webhooks are late by `late_s`."""

    def __init__(self, reconciler: ReconcilerHarness) -> None:
        self.reconciler, self.run_alive = reconciler, False
        self.wakeups = RecordedWakeups()
        self.checks: list[tuple[str, int]] = []
        self.hung_up: list[CallAttemptRef] = []
        actions = NullRoomActions(
            hang_up=self.hung_up.append, check_at=lambda *check: self.checks.append(check)
        )
        self.handler = LiveKitEventHandler(
            reconciler.calls,
            make_notifier(self.wakeups, reconciler.clock),
            reconciler.clock,
            lambda _: self.run_alive,
            actions,
        )

    def hear(self, event: str, happened_ms: int, *, of_claim: int = 1, **values: object) -> Call:
        claim = CallAttemptRef(make_call().id, of_claim)
        created_ms = happened_ms // 1000 * 1000
        told = LiveKitEvent(event, claim, f"EV_{event}_{happened_ms}", created_at_ms=created_ms)
        self.handler.handle(replace(told, **values))  # type: ignore[arg-type]
        return self.reconciler.now()

    def callee_left(self, happened_ms: int, reason: str = "CLIENT_INITIATED", status: str = "hangup") -> Call:
        return self.hear("participant_left", happened_ms, disconnect_reason=reason, sip_call_status=status)

    def agent_left(self, happened_ms: int, reason: str = "CLIENT_INITIATED") -> Call:
        return self.hear("participant_left", happened_ms, agent_job_id="AJ_1", disconnect_reason=reason)
