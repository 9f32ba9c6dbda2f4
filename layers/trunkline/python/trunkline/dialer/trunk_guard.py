"""Trunk guard of a lane run: stops while the trunk is paused, and pauses a trunk that keeps failing."""

from __future__ import annotations

from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError

from trunkline.calls.reasons import TRUNK_FAULTS, Reason
from trunkline.dialer.context import DialerContext
from trunkline.livekit.dial_result import DialResult, DialResultKind
from trunkline.trunks.circuit_breaker import LIVEKIT_REFUSED, TRUNK_BREAKER, TrunkCircuitBreaker
from trunkline.trunks.models import TrunkState
from trunkline.trunks.repository import TrunkRepository


def is_trunk_failure(result: DialResult) -> bool:
    """Decide whether a result blames the trunk (`TRUNK_FAULTS`)."""
    return result.kind is DialResultKind.FAILED and result.reason in TRUNK_FAULTS


class FailureRow:
    """Collects a run's dial results until they are stored with the trunk's row of consecutive failures.

    Any answer about a callee ends the row. `trunk_works` is set by the first one, `refusal` by a LiveKit that
    refuses every dial.
    """

    def __init__(self) -> None:
        self.trunk_works = False
        self.refusal = ""
        self._new = 0
        self._ended = False
        self._last: DialResult | None = None

    def record(self, result: DialResult) -> None:
        """Record one dial result; results that prove nothing about the trunk are ignored."""
        self.refusal = result.refusal or self.refusal
        if is_trunk_failure(result):
            # LiveKit answers refused credentials with several INVITEs for one start: the first one pauses.
            self._new += TRUNK_BREAKER.opens_after if result.reason is Reason.TRUNK_AUTH_FAILED else 1
            self._last = result
        elif result.kind in (DialResultKind.ANSWERED, DialResultKind.FAILED):
            self._new = 0
            self._ended = self.trunk_works = True

    def take(self) -> tuple[int, bool]:
        """Return the failures since the last call, and whether the row before them has ended."""
        taken = self._new, self._ended
        self._new, self._ended = 0, False
        return taken

    def reason(self, stored: str | None) -> str:
        """Name the refusal or the last failure, for people to read; `stored` is that of earlier runs."""
        if self.refusal:
            return f"{LIVEKIT_REFUSED}: {self.refusal}"
        if self._last is None:
            return stored or f"carrier_failing: {Reason.TRUNK_UNAVAILABLE}"
        code = self._last.sip_status_code
        return f"carrier_failing: SIP {code}" if code else f"carrier_failing: {self._last.reason}"


class TrunkGuard:
    """Opens and closes one trunk's circuit breaker on behalf of one run."""

    def __init__(self, context: DialerContext, trunks: TrunkRepository, failures: FailureRow) -> None:
        self._context = context
        self._trunks = trunks
        self._failures = failures
        self._row: int | None = None
        self._closed = False

    @property
    def is_refused(self) -> bool:
        """Tell whether LiveKit refused this run's dials."""
        return bool(self._failures.refusal)

    async def must_stop(self, state: TrunkState) -> bool:
        """Decide whether dialling must stop, and record what the run has learnt about the trunk."""
        now_ms = self._context.clock.wall_ms()
        row = await self.store(state)
        if state.paused_because(now_ms):
            return True
        if self.is_refused or TRUNK_BREAKER.must_open(row, half_open=state.breaker is not None):
            await self._open(state, now_ms)
            return True
        if state.breaker and self._failures.trunk_works and not self._closed:
            self._closed = await self._write(self._trunks.close_breaker, state.declared.id, now_ms)
        return False

    async def store(self, state: TrunkState) -> int:
        """Add the new failures to the row that is stored with the trunk, and return its length.

        So failures count however far apart they are, and whichever run sees them. A write that fails loses
        the trunk some failures: its breaker opens later.
        """
        row = state.failures if self._row is None else self._row
        new, ended = self._failures.take()
        self._row = new + (0 if ended else row)
        if new or (ended and row):
            reason = self._failures.reason(state.failing_because)
            await self._write(self._trunks.count_failures, state.declared.id, new, reason, ended)
        return self._row

    async def _open(self, state: TrunkState, now_ms: int) -> None:
        trunk_id = state.declared.id
        reason = self._failures.reason(state.failing_because)
        breaker = TrunkCircuitBreaker.opened(reason, now_ms, state.breaker)
        self._context.log.error("trunk paused", trunk_id=trunk_id, reason=breaker.reason, trips=breaker.trips)
        await self._write(self._trunks.open_breaker, trunk_id, breaker)
        await self._context.offload(self._context.notifier.wake_at, trunk_id, breaker.open_until_ms)

    async def _write(self, write: Callable[..., None], *args: object) -> bool:
        """Write a pause or resume; a failed write is dropped: this run stops, or the next one resumes."""
        try:
            await self._context.offload(write, *args)
        except (BotoCoreError, ClientError) as error:
            self._context.log.warning("circuit breaker not written", cause=type(error).__name__)
            return False
        return True
