"""What a trunk does now: the starts of each second, its lane, and what its calls wait for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field
from typing_extensions import TypedDict

from trunkline.auth.principal import Principal
from trunkline.calls.reason_texts import QUEUE_TEXTS
from trunkline.core.clock import Clock
from trunkline.core.timestamps import iso_from_ms, iso_or_none
from trunkline.core.validation import Bounded, InputModel
from trunkline.dial_queue.lease import LaneStatus
from trunkline.dial_queue.trunk_service import TrunkService, TrunkSummary
from trunkline.dial_queue.waiting_calls import WaitingCallCounter, WaitingCalls
from trunkline.statistics.repository import MAX_SECONDS, StatisticsRepository
from trunkline.trunks.models import TrunkState


class ActivityQuery(InputModel):
    """Query parameters of `GET /api/v1/trunks/{id}/activity`."""

    model_config = ConfigDict(strict=False)
    messages: ClassVar[dict[str, str]] = {
        "seconds": f"seconds must be a whole number from 1 to {MAX_SECONDS}"
    }

    seconds: Annotated[int, Bounded(1, MAX_SECONDS), Field(description="How far `starts` goes back.")] = 120


class WaitingView(TypedDict):
    """Calls that wait for one thing, and a sentence that says what ends the wait.

    `next_at` is when the first of them may go on, if that is known. With `is_minimum` there may be more.
    """

    queue_state: str
    calls: int
    next_at: str | None
    is_minimum: bool
    text: str


class BreakerView(TypedDict):
    """The trunk's circuit breaker: `closed`, `open` until a time, or `half_open`: one call at a time."""

    state: str
    reason: str | None
    opened_at: str | None
    open_until: str | None
    failures_in_a_row: int


class TrunkActivity(TrunkSummary):
    """A trunk with what it does now; counts and starts are of your own calls.

    `starts` has the INVITEs of each second from `starts_from` on, up to the last full second; of the last two
    some may be missing. `lane` is `running`, `backing_off` (`slowed_by` says for whom) or `idle`. `dialing`
    calls are prepared or ring, `talking` ones were answered.
    """

    at: str
    lane: str
    pace_factor: float
    breaker: BreakerView
    starts_from: str
    starts: list[int]
    waiting_for: list[WaitingView]
    dialing: int
    talking: int


@dataclass(frozen=True)
class TrunkActivityService:
    """Reads a trunk's activity: about ten small queries, however many calls wait."""

    trunks: TrunkService
    waiting: WaitingCallCounter
    statistics: StatisticsRepository
    clock: Clock

    def get(self, principal: Principal, trunk_id: str, seconds: int) -> TrunkActivity:
        """Show what a trunk does.

        Raises:
            NotFound: the trunk does not exist or is not the tenant's.
        """
        return self._of(principal, self.trunks.require_granted(principal, trunk_id), seconds)

    def all(self, principal: Principal, seconds: int) -> list[TrunkActivity]:
        """Show what each of the tenant's trunks does."""
        return [self._of(principal, state, seconds) for state in self.trunks.granted(principal)]

    def _of(self, principal: Principal, state: TrunkState, seconds: int) -> TrunkActivity:
        trunk_id, now_ms = state.declared.id, self.clock.wall_ms()
        lane = self.trunks.lanes.status(trunk_id)
        summary = self.trunks.summary(principal, state, lane)
        last = now_ms // 1000 - 1
        first = last - seconds + 1
        talking = self.trunks.calls.count_talking(trunk_id, principal.tenant_id)
        causes = self.waiting.by_cause(state, principal.tenant_id, summary["waiting"])
        return {
            **summary,
            "at": iso_from_ms(now_ms),
            "lane": _lane(lane),
            "pace_factor": round(lane.pace_factor, 3),
            "breaker": _breaker(state, now_ms),
            "starts_from": iso_from_ms(first * 1000),
            "starts": self.statistics.starts(trunk_id, principal.tenant_id, first, last),
            "waiting_for": [_waiting(each) for each in causes],
            "dialing": max(0, summary["in_progress"] - talking),
            "talking": talking,
        }


def _lane(lane: LaneStatus) -> str:
    if not lane.held:
        return "idle"
    return "backing_off" if lane.slowed_by else "running"


def _breaker(state: TrunkState, now_ms: int) -> BreakerView:
    breaker = state.breaker
    shown: BreakerView = {
        "state": "closed",
        "reason": None,
        "opened_at": None,
        "open_until": None,
        "failures_in_a_row": state.failures,
    }
    if breaker:
        shown["state"] = "open" if breaker.is_open(now_ms) else "half_open"
        shown["reason"] = breaker.reason
        shown["opened_at"] = iso_from_ms(breaker.opened_at_ms)
        shown["open_until"] = iso_from_ms(breaker.open_until_ms)
    return shown


def _waiting(waiting: WaitingCalls) -> WaitingView:
    return {
        "queue_state": waiting.queue_state,
        "calls": waiting.calls,
        "next_at": iso_or_none(waiting.next_at_ms),
        "is_minimum": waiting.is_minimum,
        "text": QUEUE_TEXTS[waiting.queue_state],
    }
