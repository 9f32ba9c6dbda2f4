"""Counts of what a batch of stream records tells: metrics, and the tenants' statistics."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from itertools import takewhile

from trunkline.calls.event_metrics import measure_event
from trunkline.core.item_guard import ItemGuard
from trunkline.core.metrics import MetricWriter
from trunkline.statistics.call_counts import EventCounter
from trunkline.statistics.repository import StatisticsRepository
from trunkline.storage.keys.item import Item


class BatchCounts:
    """Counts the items of a batch once it is known which of them the stream sends again."""

    def __init__(
        self, guard: ItemGuard, meter: MetricWriter, statistics: Callable[[], StatisticsRepository]
    ) -> None:
        self._guard = guard
        self._meter = meter
        self._statistics = statistics
        self._handled: dict[str, Item] = {}

    def note(self, sequence_number: str, item: Item) -> None:
        """Remember an item that was handled, by the sequence number of its record."""
        self._handled[sequence_number] = item

    def count(self, sequence_numbers: Iterable[str], failed: Collection[str]) -> None:
        """Count the items before the first that failed: that one and all behind it come again."""
        handled, self._handled = self._handled, {}
        counter = EventCounter()
        for number in takewhile(lambda each: each not in failed, sequence_numbers):
            if item := handled.get(number):
                with self._guard.item("measured_event"):
                    measure_event(item, self._meter)
                    counter.add(item)
        self._write(counter)

    def _write(self, counter: EventCounter) -> None:
        """Add up the batch's calls for statistics; what cannot be written is lost and holds up no event."""
        for (tenant_mode, minute), counts in counter.take().items():
            with self._guard.item("statistics", tenant_mode):
                self._statistics().add_calls(tenant_mode, minute, counts)
