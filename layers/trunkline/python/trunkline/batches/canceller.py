"""Cancellation of a part's calls that do not ring yet."""

from __future__ import annotations

from dataclasses import dataclass

from trunkline.batches.models import Batch, first_row
from trunkline.batches.repository import BatchRepository
from trunkline.calls.attributes import call_from_attributes
from trunkline.calls.models import Call, Change
from trunkline.calls.repository import CallRepository
from trunkline.calls.states import Phase
from trunkline.calls.transitions import request_cancel
from trunkline.core.clock import Clock
from trunkline.dial_queue.notifier import LaneNotifier
from trunkline.storage.keys.calls import call_key
from trunkline.storage.table import Table

_AT_ONCE = 100


@dataclass(frozen=True)
class PartCanceller:
    """Cancels waiting calls; ringing and active ones continue to their end."""

    table: Table
    calls: CallRepository
    batches: BatchRepository
    notifier: LaneNotifier
    clock: Clock

    def cancel_part(self, batch: Batch, number: int) -> None:
        """Cancel a part's calls; after the first write no worker imports more of its rows."""
        part = self.batches.fence(batch, number)
        faults = self.batches.faults(batch.id, number, check=False)
        rows = [row for row in range(first_row(number), part.next_row) if row not in faults]
        for begin in range(0, len(rows), _AT_ONCE):
            ids = [batch.call_id(row) for row in rows[begin : begin + _AT_ONCE]]
            for item in self.table.get_all([call_key(call_id) for call_id in ids]):
                self._cancel(call_from_attributes(item))

    def _cancel(self, call: Call) -> None:
        now_ms = self.clock.wall_ms()

        def decide(now: Call) -> Change | None:
            return request_cancel(now, now_ms) if now.phase in (None, Phase.PREPARED) else None

        after = self.calls.update(call.id, decide, now_ms, known=call)
        if after:
            self.notifier.notify_change(call, after)
