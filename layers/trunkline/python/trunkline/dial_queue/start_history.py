"""Start history of a run: when its INVITEs count, and when the next one may follow. Pure.

Rules 4 and 9 of the dial protocol. A start is an INVITE request written to the socket. What counts is the
wire to the carrier, and a LiveKit that is loaded or hangs sends an INVITE later than it was asked to. So a
start counts from the moment at which LiveKit had it, as far as that is known. A start that nothing has
confirmed for a second stops all others.

Then any `cps + 1` INVITEs in a row span a second on the wire: when the last of them starts, at least one of
the others counts from 1.025 s ago or earlier, and it is confirmed, because it is older than a second.

A successor starts with an empty history. So a run hands its lane over only when all its starts are confirmed,
and tells how long they bind the successor. A run that died tells nothing: its successor inherits a full
budget of starts, and nothing starts until LiveKit answers (`docs/adr/0027-count-a-dead-runs-starts.md`).
`tests/unit/test_start_history.py` searches this exhaustively.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from statistics import fmean

CONFIRM_WITHIN_US = 1_000_000
"""A start that nothing has confirmed for this long stops all others."""

_WINDOW_US = 1_025_000
_MEASURED = 100
_FIRST = _RECENT = 10
_SLOW_US = 100_000


@dataclass
class Start:
    """One start; `counted_us` is the latest moment at which its INVITE may have left LiveKit."""

    sent_us: int
    counted_us: int
    is_confirmed: bool = False

    @property
    def late_us(self) -> int:
        return self.counted_us - self.sent_us


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
        self._starts: deque[Start] = deque(maxlen=2 * _MEASURED)
        self._joins = _ShortestDelay()
        self._looks = _ShortestDelay()
        self._answers = _ShortestDelay()
        self._is_inheriting = False
        self._inherited_us: int | None = None

    def inherit(self) -> None:
        """Count a full budget of unconfirmed starts: those of a run that died."""
        self._is_inheriting = True

    def confirm_inherited(self, now_us: int) -> None:
        """Confirm what was inherited: LiveKit answers, so it has sent by now what it held."""
        if self._is_inheriting:
            self._is_inheriting, self._inherited_us = False, now_us

    def add(self, now_us: int) -> Start:
        """Record a start that is written to the socket now."""
        start = Start(now_us, now_us)
        self._starts.append(start)
        return start

    def confirm_joined(self, start: Start, now_us: int, joined_ms: int) -> None:
        """Confirm a start whose participant was seen; `joined_ms` is LiveKit's own time of the join, or 0.

        LiveKit's clock may differ from this machine's: only differences between joins are used.
        """
        waited_us = now_us - start.sent_us
        delay_us = joined_ms * 1000 - start.sent_us if joined_ms else waited_us
        shortest = self._joins if joined_ms else self._looks
        self._confirm(start, now_us, shortest.excess_us(delay_us, waited_us))

    def confirm_answered(self, start: Start, now_us: int) -> None:
        """Confirm a start that was answered before its participant was seen."""
        waited_us = now_us - start.sent_us
        if not start.is_confirmed:
            self._confirm(start, now_us, self._answers.excess_us(waited_us, waited_us))

    def confirm(self, start: Start, now_us: int) -> None:
        """Confirm a start of which nothing else is known: it counts from now."""
        self._confirm(start, now_us, now_us - start.sent_us)

    def _confirm(self, start: Start, now_us: int, late_us: int) -> None:
        if not start.is_confirmed:
            start.is_confirmed = True
            start.counted_us = max(start.sent_us, min(now_us, start.sent_us + late_us))

    @property
    def has_unconfirmed(self) -> bool:
        """Tell whether LiveKit may still hold a start, so that no successor could count it."""
        return self._is_inheriting or any(not start.is_confirmed for start in self._starts)

    def is_blocked(self, now_us: int) -> bool:
        """Tell whether a start is unconfirmed for so long that no other may follow (rule 9)."""
        return self._is_inheriting or any(
            not start.is_confirmed and now_us - start.sent_us > CONFIRM_WITHIN_US for start in self._starts
        )

    def is_slow(self, now_us: int) -> bool:
        """Tell whether LiveKit falls behind: it blocks, or its last joins came 0.1 s late on average."""
        recent = [start.late_us for start in list(self._starts)[-_RECENT:] if start.is_confirmed]
        return self.is_blocked(now_us) or (bool(recent) and fmean(recent) > _SLOW_US)

    def not_before_us(self, cps: float) -> int:
        """Compute the earliest time of the next start; below 1 CPS starts are further apart."""
        counted = self._latest_counted(cps)
        return counted[-1] + _width_us(cps) if len(counted) == _window(cps) else 0

    def successor_not_before_us(self, cps: float) -> int:
        """Compute the earliest first start of a successor, which knows none of these starts.

        Its starts are a spacing apart. So its first start may follow the latest one here after a spacing, the
        latest two after two, and all of a window after its whole width.
        """
        width, window = _width_us(cps), _window(cps)
        return max(
            (
                counted_us + width - (window - number) * width // window
                for number, counted_us in enumerate(self._latest_counted(cps), start=1)
            ),
            default=0,
        )

    def _latest_counted(self, cps: float) -> list[int]:
        """List when the starts of one window count, the latest first."""
        inherited = [] if self._inherited_us is None else [self._inherited_us] * _window(cps)
        counted = sorted([*inherited, *(start.counted_us for start in self._starts)], reverse=True)
        return counted[: _window(cps)]


def _window(cps: float) -> int:
    return max(1, int(cps))


def _width_us(cps: float) -> int:
    return int(_WINDOW_US / min(1.0, cps))
