"""Holds of paused and not yet started batches on the tenant's trunks."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from trunkline.batches.models import Batch
from trunkline.batches.repository import BatchRepository
from trunkline.core.clock import Clock
from trunkline.dial_queue.notifier import LaneNotifier
from trunkline.storage.keys.dialing import batch_hold_key
from trunkline.storage.keys.item import TTL
from trunkline.storage.table import Delete, Put, Table
from trunkline.trunks.models import is_test_trunk
from trunkline.trunks.repository import TrunkRepository

_STALE_S = 86_400


@dataclass(frozen=True)
class BatchHoldService:
    """Keeps one hold item per trunk and batch; lanes read it within seconds."""

    table: Table
    batches: BatchRepository
    trunks: TrunkRepository
    notifier: LaneNotifier
    clock: Clock

    def sync(self, batch: Batch) -> None:
        """Write or delete the batch's hold on every trunk that it may use. Idempotent.

        The batch is read again afterwards, so that after concurrent changes the last one applies.
        """
        now: Batch | None = batch
        while now:
            self._write(now)
            seen, now = now, self.batches.load(batch.id)
            if now is None or now.version == seen.version:
                return

    def remove(self, batch: Batch) -> None:
        """Delete a batch's holds, once none of its calls waits."""
        for trunk_id in self._trunk_ids(batch):
            self.table.write(Delete(batch_hold_key(trunk_id, batch.tenant_id, batch.id)))

    def _write(self, batch: Batch) -> None:
        hold = batch.hold(self.clock.wall_ms())
        for trunk_id in self._trunk_ids(batch):
            key = batch_hold_key(trunk_id, batch.tenant_id, batch.id)
            if hold is None:
                self.table.write(Delete(key))
                continue
            ttl = batch.ttl if hold.until_ms is None else hold.until_ms // 1000 + _STALE_S
            self.table.write(Put({**key.as_item(), **asdict(hold), TTL: ttl}))

    def wake(self, batch: Batch, trunk_id: str) -> None:
        """Wake a trunk's lane now, or when the batch starts; best effort."""
        hold = batch.hold(self.clock.wall_ms())
        if hold is None:
            self.notifier.wake(trunk_id)
        elif hold.until_ms is not None:
            self.notifier.wake_at(trunk_id, hold.until_ms)

    def wake_all(self, batch: Batch) -> None:
        """Wake every trunk that the batch may use."""
        for trunk_id in self._trunk_ids(batch):
            self.wake(batch, trunk_id)

    def _trunk_ids(self, batch: Batch) -> list[str]:
        granted = self.trunks.granted_ids(batch.tenant_id)
        return [trunk_id for trunk_id in granted if is_test_trunk(trunk_id) is not batch.livemode]
