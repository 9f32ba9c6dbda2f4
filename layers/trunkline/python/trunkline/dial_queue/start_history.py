"""Start history of a run: when its INVITEs count, and when the next one may follow. Pure.

Rules 4 and 9 of the dial protocol. A start is an INVITE request written to the socket. What counts is the
wire to the carrier, and a LiveKit that is loaded or hangs sends an INVITE later than it was asked to. So a
confirmed start counts from the moment at which LiveKit had it, as far as that is known. A start that nothing
has confirmed for a second is doubtful: it counts as if it left now, and while one stands, starts go one at a
time.

Then any `cps + 1` INVITEs in a row span a second on the wire: when the last of them starts, at least one of
the others counts from 1.025 s ago or earlier, and it is confirmed, because a doubtful one counts from now.

A successor inherits the starts that may still be in LiveKit (`docs/adr/0027-count-a-dead-runs-starts.md`).
`tests/faults/test_start_history_search.py` searches this exhaustively.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from statistics import fmean

CONFIRM_WITHIN_US = 1_000_000
"""A start that nothing has confirmed for this long is doubtful."""

_WINDOW_US = 1_025_000
_MEASURED = 100
_FIRST = _RECENT = 10
_SLOW_US = 100_000


@dataclass(eq=False)
class Start:
    """One start; `counted_us` is the latest moment at which its INVITE may have left LiveKit.

    `processed_us` is when LiveKit's SIP service was seen to have processed it.
    """

    sent_us: int
    counted_us: int
    is_confirmed: bool = False
    processed_us: int | None = None

    @property
    def late_us(self) -> int:
        return self.counted_us - self.sent_us

    def is_doubtful(self, now_us: int) -> bool:
        """Tell whether nothing has confirmed it for a second."""
        return not self.is_confirmed and now_us - self.sent_us > CONFIRM_WITHIN_US

    def proves(self, earlier: Start, now_us: int) -> bool:
        """Tell whether LiveKit's SIP service must have processed an earlier start, too.

        It has processed this one, which was sent when the earlier one was doubtful, and a second has passed
        in which it could process what it held.
        """
        if self.processed_us is None or now_us - self.processed_us < CONFIRM_WITHIN_US:
            return False
        return earlier.is_doubtful(self.sent_us)


class _ShortestDelay:
    """The shortest of the last delays of one kind: what is above it is LiveKit's delay.

    Until ten are known, the shortest may itself be that of a LiveKit that hangs: then a start counts from the
    moment of its confirmation.
    """

    def __init__(self) -> None:
        self._delays_us: deque[int] = deque(maxlen=_MEASURED)

    def excess_us(self, delay_us: int, waited_us: int) -> int:
        self._delays_us.append(delay_us)
        return delay_us - min(self._delays_us) if len(self._delays_us) > _FIRST else waited_us


class StartHistory:
    """The last starts of a run, late ones and unconfirmed ones included."""

    def __init__(self) -> None:
        self._confirmed: deque[Start] = deque(maxlen=2 * _MEASURED)
        self._unconfirmed: list[Start] = []
        self._joins = _ShortestDelay()
        self._looks = _ShortestDelay()
        self._answers = _ShortestDelay()
        self._is_inheriting = False
        self._inherited_us: int | None = None

    def inherit(self) -> None:
        """Allow no start until it is known what the run before may have in LiveKit."""
        self._is_inheriting = True

    def add_inherited(self, now_us: int, unconfirmed: int) -> list[Start]:
        """Record what the run before may have in LiveKit; all else that it started has left by now.

        Returns:
            The unconfirmed starts, to be confirmed as the run's own.
        """
        self._is_inheriting, self._inherited_us = False, now_us
        return [self.add(now_us) for _ in range(unconfirmed)]

    def add(self, now_us: int) -> Start:
        """Record a start that is written to the socket now."""
        start = Start(now_us, now_us)
        self._unconfirmed.append(start)
        return start

    def confirm_joined(self, start: Start, now_us: int, joined_ms: int) -> None:
        """Confirm a start whose participant was seen; `joined_ms` is LiveKit's own time of the join, or 0.

        LiveKit's clock may differ from this machine's: only differences between joins are used.
        """
        waited_us = now_us - start.sent_us
        delay_us = joined_ms * 1000 - start.sent_us if joined_ms else waited_us
        shortest = self._joins if joined_ms else self._looks
        start.processed_us = now_us
        self._confirm(start, now_us, shortest.excess_us(delay_us, waited_us))

    def confirm_answered(self, start: Start, now_us: int) -> None:
        """Confirm a start that LiveKit's SIP service has answered, by its participant if that was seen."""
        waited_us = now_us - start.sent_us
        start.processed_us = now_us
        if not start.is_confirmed:
            self._confirm(start, now_us, self._answers.excess_us(waited_us, waited_us))

    def confirm(self, start: Start, now_us: int) -> None:
        """Confirm a start of which nothing else is known: it counts from now."""
        self._confirm(start, now_us, now_us - start.sent_us)

    def _confirm(self, start: Start, now_us: int, late_us: int) -> None:
        if not start.is_confirmed:
            start.is_confirmed = True
            start.counted_us = max(start.sent_us, min(now_us, start.sent_us + late_us))
            self._unconfirmed.remove(start)
            self._confirmed.append(start)

    def is_proven(self, start: Start, now_us: int) -> bool:
        """Tell whether a later start proves that LiveKit holds this one no longer."""
        return any(later.proves(start, now_us) for later in self._confirmed)

    @property
    def has_unconfirmed(self) -> bool:
        """Tell whether LiveKit may still hold a start."""
        return self._is_inheriting or bool(self._unconfirmed)

    def is_blocked(self, now_us: int, cps: float) -> bool:
        """Tell whether no start may follow now, whenever the last ones left (rule 9).

        While starts are doubtful, others go one at a time, as long as LiveKit holds fewer than the budget.
        """
        doubtful = self._doubtful(now_us)
        has_probe = len(self._unconfirmed) > doubtful
        return self._is_inheriting or bool(doubtful and (has_probe or doubtful >= _window(cps)))

    def may_hand_over(self, now_us: int, cps: float) -> bool:
        """Tell whether a successor may start: it can count the doubtful starts, as long as it may add one."""
        return not self.has_unconfirmed or bool(self._doubtful(now_us) and not self.is_blocked(now_us, cps))

    def _doubtful(self, now_us: int) -> int:
        return sum(start.is_doubtful(now_us) for start in self._unconfirmed)

    def is_slow(self, now_us: int) -> bool:
        """Tell whether LiveKit falls behind: starts are doubtful, or the last joins came 0.1 s late."""
        recent = [start.late_us for start in list(self._confirmed)[-_RECENT:]]
        in_doubt = self._is_inheriting or self._doubtful(now_us) > 0
        return in_doubt or (bool(recent) and fmean(recent) > _SLOW_US)

    def not_before_us(self, now_us: int, cps: float) -> int:
        """Compute the earliest time of the next start, as far as it is known: see `is_blocked`.

        Below 1 CPS starts are further apart.
        """
        counted = self._latest_counted(now_us, cps)
        free_us = counted[-1] + _width_us(cps) if len(counted) == _window(cps) else 0
        return free_us if self._doubtful(now_us) < _window(cps) else 0

    def successor_not_before_us(self, now_us: int, cps: float) -> int:
        """Compute the earliest first start of a successor, which knows of these starts only the doubtful.

        Its starts are a spacing apart. So its first start may follow the latest one here after a spacing, the
        latest two after two, and all of a window after its whole width.
        """
        width, window = _width_us(cps), _window(cps)
        return max(
            (
                counted_us + width - (window - number) * width // window
                for number, counted_us in enumerate(self._latest_counted(now_us, cps), start=1)
            ),
            default=0,
        )

    def _latest_counted(self, now_us: int, cps: float) -> list[int]:
        """List when the starts of one window count, the latest first."""
        inherited = [] if self._inherited_us is None else [self._inherited_us] * _window(cps)
        unconfirmed = [
            now_us if start.is_doubtful(now_us) else start.counted_us for start in self._unconfirmed
        ]
        confirmed = [start.counted_us for start in self._confirmed]
        return sorted([*inherited, *unconfirmed, *confirmed], reverse=True)[: _window(cps)]


def _window(cps: float) -> int:
    return max(1, int(cps))


def _width_us(cps: float) -> int:
    return int(_WINDOW_US / min(1.0, cps))
