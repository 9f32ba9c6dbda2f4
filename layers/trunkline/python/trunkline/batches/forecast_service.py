"""Forecast of when the last call of a batch begins."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from trunkline.batches.forecast import Load, finish_ms, pace_of
from trunkline.batches.models import Batch
from trunkline.batches.repository import BatchRepository, Part
from trunkline.batches.schemas import BatchForecast
from trunkline.core.clock import Clock
from trunkline.core.timestamps import iso_from_ms, iso_or_none
from trunkline.dial_queue.status import QueueStatusReader
from trunkline.trunks.repository import TrunkRepository


@dataclass(frozen=True)
class ForecastService:
    """Forecasts with the present state of the trunks, including the calls that already wait."""

    batches: BatchRepository
    trunks: TrunkRepository
    queue_status: QueueStatusReader
    clock: Clock

    def forecast(self, batch: Batch) -> BatchForecast:
        """Forecast the calls of a checked batch."""
        parts = self.batches.parts(batch.id, check=True)
        now_ms = self.clock.wall_ms()
        starts_ms = max(now_ms, batch.starts_at_ms or 0)
        loads = loads_by_trunk(parts)
        waiting = {trunk_id: self.queue_status.waiting(trunk_id, batch.tenant_id) for trunk_id in loads}
        return {
            "calls": sum(part.accepted for part in parts),
            "starts_at": iso_from_ms(starts_ms),
            "finish_at": iso_or_none(self._finish_ms(batch, loads, waiting, starts_ms)),
        }

    def eta(self, batch: Batch, parts: Iterable[Part], left: float) -> str | None:
        """Return when the last remaining call begins; `left` is the share of calls that remain."""
        loads = {
            trunk_id: [Load(load.window, round(load.calls * left)) for load in each]
            for trunk_id, each in loads_by_trunk(parts).items()
        }
        starts_ms = max(self.clock.wall_ms(), batch.starts_at_ms or 0)
        return iso_or_none(self._finish_ms(batch, loads, {}, starts_ms))

    def _finish_ms(
        self, batch: Batch, loads: Mapping[str, list[Load]], waiting: Mapping[str, int], starts_ms: int
    ) -> int | None:
        ends = [starts_ms]
        for trunk_id, each in loads.items():
            state = self.trunks.state(trunk_id)
            if state is None:
                return None
            pace = pace_of(state.trunk, batch.average_call_s)
            ahead = [Load(None, waiting.get(trunk_id, 0))]
            end_ms = finish_ms([*ahead, *each], pace, starts_ms) if pace else None
            if end_ms is None:
                return None
            ends.append(end_ms)
        return max(ends)


def loads_by_trunk(parts: Iterable[Part]) -> dict[str, list[Load]]:
    """Sum the accepted calls by trunk and window."""
    sums: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for part in parts:
        for (trunk_id, key), calls in (part.loads or {}).items():
            sums[trunk_id][key] += calls
    return {
        trunk_id: [Load.parse(key, calls) for key, calls in each.items()] for trunk_id, each in sums.items()
    }
