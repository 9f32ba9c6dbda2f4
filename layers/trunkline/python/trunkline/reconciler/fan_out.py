"""Fan-out of a pass: each minute, tasks for all trunks and web calls, and the age of what waits longest.

The function that plans looks at no trunk itself, so that no trunk's trouble keeps another one from its turn.
"""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

from trunkline.calls.models import WEB_LANES
from trunkline.core.clock import Clock
from trunkline.core.metrics import OLDEST_UNCHECKED, MetricWriter
from trunkline.reconciler.progress import Progress, ProgressRepository, oldest_ms
from trunkline.reconciler.tasks import RepairTask, RepairTaskQueue
from trunkline.trunks.repository import TrunkRepository

SHARD_TRUNKS = 50
"""Trunks of a task, at most about: the number of shards is a power of two."""

WEB_SHARD = "web"


def plan_shards(trunk_ids: list[str]) -> dict[str, tuple[str, ...]]:
    """Return the lanes of each shard; a trunk stays in its shard while their number stays."""
    count = 1
    while count * SHARD_TRUNKS < len(trunk_ids):
        count *= 2
    shards: dict[str, list[str]] = {}
    for trunk_id in trunk_ids:
        shards.setdefault(f"{count}-{crc32(trunk_id.encode()) % count}", []).append(trunk_id)
    return {name: tuple(ids) for name, ids in shards.items()} | {WEB_SHARD: WEB_LANES}


@dataclass(frozen=True)
class FanOut:
    """Plans the tasks of a pass."""

    trunks: TrunkRepository
    queue: RepairTaskQueue
    progress: ProgressRepository
    clock: Clock
    meter: MetricWriter

    def plan(self, known: Progress) -> int:
        """Send a task for each shard, and return how many SQS did not take.

        A walk that is under way is no part of it: its calls have tasks of their own.
        """
        shards = plan_shards(self.trunks.ids())
        now_ms = self.clock.wall_ms()
        refused = self.queue.send([RepairTask(now_ms, name, lanes) for name, lanes in shards.items()])
        for name in shards.keys() - known.shards.keys():
            self.progress.record_look(name, now_ms)
        waits_ms = oldest_ms(known, list(shards))
        self.meter.add(OLDEST_UNCHECKED, max(0, now_ms - (waits_ms or now_ms)) / 1000)
        return refused
