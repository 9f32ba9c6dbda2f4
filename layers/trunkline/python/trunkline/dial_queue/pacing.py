"""Pacing arithmetic: when the next INVITE may start; all times in microseconds. Pure.

Rule 4 of the dial protocol. With a spacing of (1 + guard)/cps any `cps + 1` starts in a row span
(1 + guard) seconds, so no sliding second holds more than `cps` while the jitter from the slot to the
wire stays below the guard.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

GUARD = 0.03
MAX_LATE_US = 100_000
"""A start later than this loses its slot (rule 9, `docs/adr/0008-slots-are-reserved-in-batches.md`)."""

FAST_CPS = 20
FAST_LEAD_US = 120_000
FAST_AHEAD_US = 300_000
_BATCH_US = 250_000
_MAX_LEAD_US = 250_000
_MAX_BATCH = 25
_MIN_FACTOR = 1 / 16
_CLIMB_PER_S = 0.05


def spacing_us(cps: float) -> int:
    """Compute the microseconds between two starts on a trunk of `cps` calls a second (0.1 to 100)."""
    return -int(-1_000_000 * (1 + GUARD) // cps)


@dataclass(frozen=True)
class PacingClock:
    """The next instant, on this machine's monotonic clock, at which a call may start."""

    next_start_us: int

    @classmethod
    def resume(cls, time_left_us: int, taken_at_us: int) -> PacingClock:
        """Resume from the stored time left, counted from the moment the lane was taken."""
        return cls(taken_at_us + max(0, time_left_us))

    def no_sooner(self, moment_us: int) -> PacingClock:
        """Put off the next start to a moment, if it is sooner."""
        return PacingClock(max(self.next_start_us, moment_us))

    def reserve(
        self, now_us: int, lead_us: int, spacing: int, count: int = 1
    ) -> tuple[list[int], PacingClock]:
        """Reserve the next `count` slots, the first no sooner than `lead_us` from now.

        Returns:
            The slots, and the clock after them.
        """
        first = max(self.next_start_us, now_us + lead_us)
        slots = [first + spacing * number for number in range(count)]
        return slots, PacingClock(slots[-1] + spacing)

    def time_left_us(self, now_us: int) -> int:
        """Compute the time to store in the lane: from now to a successor's first start.

        Only this run knows how late its last starts were, so the maximum lateness is added.
        """
        return max(0, self.next_start_us + MAX_LATE_US - now_us)


@dataclass(frozen=True)
class BackoffFactor:
    """The slowed pace of a lane after "too fast" answers, and its climb back to full pace."""

    factor: float = 1.0
    since_us: int = 0

    @classmethod
    def resume(cls, factor: float, now_us: int) -> BackoffFactor:
        """Resume climbing from the factor of the previous run."""
        return cls(min(1.0, max(_MIN_FACTOR, factor)), now_us)

    def slowed(self, now_us: int) -> BackoffFactor:
        """Halve the pace, down to a sixteenth of the budget."""
        return BackoffFactor(max(_MIN_FACTOR, self.at(now_us) / 2), now_us)

    def at(self, now_us: int) -> float:
        """Compute the share of the budget in use; it climbs by a twentieth of the budget a second."""
        if self.factor >= 1.0:
            return 1.0
        return min(1.0, self.factor + _CLIMB_PER_S * (now_us - self.since_us) / 1_000_000)


@dataclass(frozen=True)
class StartLead:
    """The lead of reservation and intent before a slot, learnt from measured latencies."""

    estimate_us: int = 15_000
    mean_us: int = 15_000

    def measured(self, took_us: int) -> StartLead:
        """Add a measurement: the estimate grows quickly and shrinks slowly."""
        weight = 2 if took_us > self.estimate_us else 50
        return replace(
            self,
            estimate_us=self.estimate_us + (took_us - self.estimate_us) // weight,
            mean_us=self.mean_us + (took_us - self.mean_us) // 8,
        )

    @property
    def us(self) -> int:
        """Return three times the estimate plus 10 ms, up to 250 ms, which 1 % of the writes take."""
        return min(_MAX_LEAD_US, 10_000 + 3 * self.estimate_us)


class Timing:
    """The measured lead of a process, shared by all its runs."""

    def __init__(self) -> None:
        self.lead = StartLead()


def reservation_size(spacing: int) -> int:
    """Compute the slots of one reservation: a quarter of a second of the pace, at least one.

    At 5 CPS that is one at a time. At 50 CPS a write that takes longer than the spacing of 20 ms
    would otherwise set the pace.
    """
    return max(1, min(_MAX_BATCH, _BATCH_US // spacing))


def preparing_target(cps: float, prepare_s: float) -> int:
    """Compute how many calls to prepare at once, so that as many become ready as start.

    It is the pace times the preparation time with a margin, within the protocol's bound.
    """
    return min(preparing_bound(cps), 2 + int(1.5 * cps * prepare_s))


def preparing_bound(cps: float) -> int:
    """Compute how many calls may be preparing at once (rule 6): 2 + 2 s of the budget."""
    return 2 + int(2 * cps)


def ready_bound(cps: float) -> int:
    """Compute how many ready calls may wait for a slot (rule 6): half a second of the budget."""
    return max(1, int(0.5 * cps))
