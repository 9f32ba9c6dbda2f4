"""Trunk guard of a lane run: stops while the trunk is paused, and pauses a trunk that keeps failing."""

from __future__ import annotations

from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError

from trunkline.calls.reasons import TRUNK_FAULTS, Reason
from trunkline.dialer.context import DialerContext
from trunkline.livekit.dial_result import DialResult, DialResultKind
from trunkline.trunks.circuit_breaker import TRUNK_BREAKER, TrunkCircuitBreaker
from trunkline.trunks.models import TrunkState
from trunkline.trunks.repository import TrunkRepository


def is_trunk_failure(result: DialResult) -> bool:
    """Decide whether a result blames the trunk (`TRUNK_FAULTS`)."""
    return result.kind is DialResultKind.FAILED and result.reason in TRUNK_FAULTS


class ConsecutiveFailures:
    """Counts consecutive trunk failures; any answer about a callee resets the count.

    `trunk_works` is set once the carrier has answered about a callee.
    """

    def __init__(self) -> None:
        self._failures = 0
        self._last: DialResult | None = None
        self.trunk_works = False

    def record(self, result: DialResult) -> None:
        """Count one dial result; results that prove nothing about the trunk are ignored."""
        if is_trunk_failure(result):
            self._failures += 1
            self._last = result
        elif result.kind in (DialResultKind.ANSWERED, DialResultKind.FAILED):
            self._failures = 0
            self.trunk_works = True

    def must_pause(self, *, half_open: bool) -> bool:
        """Decide whether the trunk must be paused: by their number, or at the first refused credentials.

        LiveKit answers a refusal of credentials with several INVITEs for one start, so it is not repeated.
        """
        if self._failures and self._last and self._last.reason is Reason.TRUNK_AUTH_FAILED:
            return True
        return TRUNK_BREAKER.must_open(self._failures, half_open=half_open)

    @property
    def reason(self) -> str:
        """Name the last failure, for people to read."""
        code = self._last.sip_status_code if self._last else None
        reason = self._last.reason if self._last else Reason.TRUNK_UNAVAILABLE
        return f"carrier_failing: SIP {code}" if code else f"carrier_failing: {reason}"


class TrunkGuard:
    """Opens and closes one trunk's circuit breaker on behalf of one run."""

    def __init__(
        self, context: DialerContext, trunks: TrunkRepository, failures: ConsecutiveFailures
    ) -> None:
        self._context = context
        self._trunks = trunks
        self._failures = failures
        self._closed = False

    async def must_stop(self, state: TrunkState) -> bool:
        """Decide whether dialling must stop, and record what the run has learnt about the trunk."""
        now_ms = self._context.clock.wall_ms()
        if state.paused_because(now_ms):
            return True
        if self._failures.must_pause(half_open=state.breaker is not None):
            await self._open(state, now_ms)
            return True
        if state.breaker and self._failures.trunk_works and not self._closed:
            self._closed = await self._write(self._trunks.close_breaker, state.declared.id, now_ms)
        return False

    async def _open(self, state: TrunkState, now_ms: int) -> None:
        trunk_id = state.declared.id
        breaker = TrunkCircuitBreaker.opened(self._failures.reason, now_ms, state.breaker)
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
