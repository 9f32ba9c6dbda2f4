"""Order of what several agents of one call report. Pure.

Each reporter (a job of an agent) counts for itself, so that a number means something only with its claim and
reporter. A report without a reporter comes from a client that does not name its job: there, turns of the same
number that were said at different times are different turns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from trunkline.calls.events import Turn


@dataclass(frozen=True)
class StoredTurn:
    """A turn, with the time at which it was stored; that stands in for a turn without a time of its own."""

    turn: Turn
    stored_at_ms: int

    @property
    def said_at_ms(self) -> int:
        return self.stored_at_ms if self.turn.at_ms is None else self.turn.at_ms


def in_order(stored: Iterable[StoredTurn]) -> list[Turn]:
    """Return the turns in order, each once: of equal ones, the one that was stored first.

    The order is that of the attempts, then of the times; within one reporter, its numbers rule.
    """
    first: dict[tuple[object, ...], StoredTurn] = {}
    for each in sorted(stored, key=lambda each: each.stored_at_ms):
        first.setdefault(_identity(each.turn), each)
    placed: list[tuple[tuple[int, int, int, str, int], Turn]] = []
    latest_ms: dict[tuple[int, str, int], int] = {}
    seen: Counter[tuple[int, str, int]] = Counter()
    for each in sorted(first.values(), key=lambda each: (each.turn.sequence, each.said_at_ms)):
        turn = each.turn
        number = (turn.claim, turn.reporter, turn.sequence)
        series = (turn.claim, turn.reporter, seen[number])
        seen[number] += 1
        latest_ms[series] = max(each.said_at_ms, latest_ms.get(series, 0))
        placed.append(((turn.claim, latest_ms[series], series[2], turn.reporter, turn.sequence), turn))
    return [turn for _, turn in sorted(placed, key=lambda place: place[0])]


def _identity(turn: Turn) -> tuple[object, ...]:
    number = (turn.claim, turn.reporter, turn.sequence)
    return number if turn.reporter else (*number, turn.at_ms)
