"""Statistics of a tenant's calls: what was accepted, dialled and answered lately, and why calls failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field
from typing_extensions import TypedDict

from trunkline.auth.principal import Principal
from trunkline.calls.reason_texts import reason_text
from trunkline.core.clock import Clock
from trunkline.core.timestamps import iso_from_ms
from trunkline.core.validation import Bounded, InputModel
from trunkline.statistics.call_counts import MINUTE_MS, CallCounts, minute_of
from trunkline.statistics.repository import MAX_MINUTES, StatisticsRepository

_MAX_POINTS = 120


class StatisticsQuery(InputModel):
    """Query parameters of `GET /api/v1/statistics`."""

    model_config = ConfigDict(strict=False)
    messages: ClassVar[dict[str, str]] = {
        "minutes": f"minutes must be a whole number from 1 to {MAX_MINUTES}"
    }

    minutes: Annotated[int, Bounded(1, MAX_MINUTES), Field(description="How far to look back.")] = 60


class FailureCount(TypedDict):
    """Calls that ended for one reason; `text` explains it in a sentence."""

    reason: str
    calls: int
    text: str


class StatisticsPoint(TypedDict):
    """The numbers of one step, which begins at `at`."""

    at: str
    accepted: int
    dialled: int
    answered: int
    failed: int


class StatisticsView(TypedDict):
    """Numbers of calls from `since` to `until`.

    `ended` counts by status. `dialled` are phone calls that ended in this time after they rang, and
    `answered` those of them that were picked up: `answer_rate` is their share, null if none was dialled.
    """

    since: str
    until: str
    accepted: int
    ended: dict[str, int]
    dialled: int
    answered: int
    answer_rate: float | None
    talk_seconds: int
    failures: list[FailureCount]
    step_seconds: int
    points: list[StatisticsPoint]


@dataclass(frozen=True)
class StatisticsService:
    """Shows the counts of a tenant and mode."""

    statistics: StatisticsRepository
    clock: Clock

    def of_calls(self, principal: Principal, query: StatisticsQuery) -> StatisticsView:
        """Return the counts of the last minutes; the present one is part of them."""
        now_ms = self.clock.wall_ms()
        last = minute_of(now_ms)
        first = last - query.minutes + 1
        minutes = self.statistics.calls(principal.tenant_mode, first, last)
        total = _total(minutes.values())
        step = -(-query.minutes // _MAX_POINTS)
        return {
            "since": iso_from_ms(first * MINUTE_MS),
            "until": iso_from_ms(now_ms),
            "accepted": total.accepted,
            "ended": dict(total.ended),
            "dialled": total.dialled,
            "answered": total.answered,
            "answer_rate": total.answer_rate,
            "talk_seconds": total.talk_s,
            "failures": _failures(total),
            "step_seconds": step * 60,
            "points": [
                _point(begin, _total(minutes[at] for at in range(begin, begin + step) if at in minutes))
                for begin in range(first, last + 1, step)
            ],
        }


def _total(counts: Iterable[CallCounts]) -> CallCounts:
    numbers: Counter[str] = Counter()
    ended: Counter[str] = Counter()
    failures: Counter[str] = Counter()
    for each in counts:
        numbers.update(
            accepted=each.accepted, dialled=each.dialled, answered=each.answered, talk_s=each.talk_s
        )
        ended.update(each.ended)
        failures.update(each.failures)
    return CallCounts(**numbers, ended=ended, failures=failures)


def _failures(counts: CallCounts) -> list[FailureCount]:
    """List the reasons, the most frequent first."""
    ranked = sorted(counts.failures.items(), key=lambda pair: (-pair[1], pair[0]))
    return [{"reason": reason, "calls": calls, "text": reason_text(reason)} for reason, calls in ranked]


def _point(minute: int, counts: CallCounts) -> StatisticsPoint:
    return {
        "at": iso_from_ms(minute * MINUTE_MS),
        "accepted": counts.accepted,
        "dialled": counts.dialled,
        "answered": counts.answered,
        "failed": sum(counts.failures.values()),
    }
