"""Stops a run while its trunk is paused, and pauses a trunk that keeps failing."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError

from trunkline.calls.reasons import Reason
from trunkline.dialer.context import DialerContext
from trunkline.livekit.dial_result import DialResult, DialResultKind
from trunkline.trunks.circuit_breaker import _UNAUTHORIZED, TrunkCircuitBreaker
from trunkline.trunks.models import TrunkState
from trunkline.trunks.repository import TrunkRepository


class TrunkGuard:
    """One run's circuit breaker."""

    def __init__(
        self, context: DialerContext, trunks: TrunkRepository, failures: ConsecutiveFailures
    ) -> None:
        self._context = context
        self._trunks = trunks
        self._failures = failures
        self._closed = False

    async def pauses(self, state: TrunkState) -> bool:
        """Say whether nothing more may be dialled; opens and closes the breaker by what was seen."""
        now_ms = self._context.clock.wall_ms()
        if state.paused_because(now_ms):
            return True
        if self._failures.trips(probing=state.breaker is not None):
            await self._open(state, now_ms)
            return True
        if state.breaker and self._failures.works and not self._closed:
            self._closed = await self._write(self._trunks.close_breaker, state.declared.id, now_ms)
        return False

    async def _open(self, state: TrunkState, now_ms: int) -> None:
        trunk_id = state.declared.id
        breaker = TrunkCircuitBreaker.opened(self._failures.reason, now_ms, state.breaker)
        self._context.log.error("trunk paused", trunk_id=trunk_id, reason=breaker.reason, trips=breaker.trips)
        await self._write(self._trunks.open_breaker, trunk_id, breaker)
        await self._context.offload(self._context.notifier.wake_at, trunk_id, breaker.open_until_ms)

    async def _write(self, write: object, *args: object) -> bool:
        """A pause or resume that can't be written is left: this run stops, or the next one resumes."""
        try:
            await self._context.offload(write, *args)
        except (BotoCoreError, ClientError) as error:
            self._context.log.warning("breaker not written", cause=type(error).__name__)
            return False
        return True


TRUNK_OPENS_AFTER = 5
"""So many trunk failures in a row pause the trunk."""


def is_trunk_failure(result: DialResult) -> bool:
    """Say whether a verdict blames the trunk: 5xx, an unknown trunk, or bad credentials.

    403 does not: carriers use it for single destinations.
    """
    if result.kind is not DialResultKind.FAILED:
        return False
    return result.reason is Reason.TRUNK_UNAVAILABLE or result.sip_status_code in _UNAUTHORIZED


class ConsecutiveFailures:
    """Counts trunk failures in a row; any answer about a callee ends the row."""

    def __init__(self) -> None:
        self._failures = 0
        self._last: DialResult | None = None
        self.works = False

    def note(self, result: DialResult) -> None:
        """Take one verdict in; those that prove nothing about the trunk are passed over."""
        if is_trunk_failure(result):
            self._failures += 1
            self._last = result
        elif result.kind in (DialResultKind.ANSWERED, DialResultKind.FAILED):
            self._failures = 0
            self.works = True

    def trips(self, *, probing: bool) -> bool:
        """Say whether the trunk must be paused: after a pause a single failure is enough."""
        return self._failures >= (1 if probing else TRUNK_OPENS_AFTER)

    @property
    def reason(self) -> str:
        """What the last failure was, for people to read."""
        code = self._last.sip_status_code if self._last else None
        return f"carrier_failing: SIP {code}" if code else "carrier_failing: trunk not found"
