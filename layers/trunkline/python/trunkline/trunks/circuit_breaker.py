"""Pauses a trunk on a run of failures that are the trunk's own, not the callees'. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trunkline.calls.reasons import Reason
from trunkline.livekit.dial_result import DialResult, DialResultKind

TRUNK_OPENS_AFTER = 5
"""So many trunk failures in a row pause the trunk."""

_FIRST_PAUSE_MS = 30_000
_MAX_PAUSE_MS = 600_000
_UNAUTHORIZED = (401, 407)


@dataclass(frozen=True)
class TrunkCircuitBreaker:
    """A pause that the trunk's failures brought about; after `open_until_ms` one call at a time probes."""

    reason: str
    opened_at_ms: int
    open_until_ms: int
    trips: int = 1

    @classmethod
    def opened(cls, reason: str, now_ms: int, before: TrunkCircuitBreaker | None) -> TrunkCircuitBreaker:
        """Open for 30 s, and twice as long at each probe that fails, up to ten minutes."""
        trips = before.trips + 1 if before else 1
        pause_ms = min(_MAX_PAUSE_MS, _FIRST_PAUSE_MS * 2 ** (trips - 1))
        return cls(reason, now_ms, now_ms + pause_ms, trips)

    @classmethod
    def parse(cls, item: Mapping[str, Any]) -> TrunkCircuitBreaker:
        """Read a stored breaker."""
        return cls(item["reason"], item["opened_at_ms"], item["open_until_ms"], item["trips"])

    def is_open(self, now_ms: int) -> bool:
        return now_ms < self.open_until_ms


def is_trunk_failure(verdict: DialResult) -> bool:
    """Say whether a verdict blames the trunk: 5xx, an unknown trunk, or bad credentials.

    403 does not: carriers use it for single destinations.
    """
    if verdict.kind is not DialResultKind.FAILED:
        return False
    return verdict.reason is Reason.TRUNK_UNAVAILABLE or verdict.sip_status_code in _UNAUTHORIZED


class ConsecutiveFailures:
    """Counts trunk failures in a row; any answer about a callee ends the row."""

    def __init__(self) -> None:
        self._failures = 0
        self._last: DialResult | None = None
        self.works = False

    def note(self, verdict: DialResult) -> None:
        """Take one verdict in; those that prove nothing about the trunk are passed over."""
        if is_trunk_failure(verdict):
            self._failures += 1
            self._last = verdict
        elif verdict.kind in (DialResultKind.ANSWERED, DialResultKind.FAILED):
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
