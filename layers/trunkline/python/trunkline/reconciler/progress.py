"""Progress of the reconciler in the table: when shards were looked at, parts of walks, and cursors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace

from boto3.dynamodb.conditions import Attr, ConditionBase

from trunkline.core.clock import Clock
from trunkline.reconciler.tasks import CallRange
from trunkline.storage.keys.item import SK, TTL, Item
from trunkline.storage.keys.reconciler import pass_cursor_key, progress_key, shard_key, walk_part_key
from trunkline.storage.table import ConditionFailed, Delete, Put, Table

WALK_LOST_MS = 5 * 60_000
"""A part of which nothing was heard for this long is given up, and its lane is walked anew."""

_RETENTION_S = 86_400


@dataclass(frozen=True)
class Progress:
    """What is known of the passes under way: times in ms, by shard, by lane, and cursors by pass."""

    shards: Mapping[str, int] = field(default_factory=dict)
    walks: Mapping[str, int] = field(default_factory=dict)
    cursors: Mapping[str, str] = field(default_factory=dict)


class ProgressRepository:
    """Reads and writes progress; all of it is in one partition, so that one query reads it."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def read(self) -> Progress:
        """Read the progress; a walk of which nothing was heard for long is left out."""
        lost_ms = self._clock.wall_ms() - WALK_LOST_MS
        shards: dict[str, int] = {}
        walks: dict[str, int] = {}
        cursors: dict[str, str] = {}
        for item in self._table.partition(progress_key()):
            kind, _, name = item[SK].partition("#")
            if kind == "SHARD":
                shards[name] = item["looked_at_ms"]
            elif kind == "CURSOR":
                cursors[name] = item["after"]
            elif item["sent_ms"] > lost_ms:
                walks[item["lane"]] = min(item["walk_ms"], walks.get(item["lane"], item["walk_ms"]))
        return Progress(shards, walks, cursors)

    def record_look(self, shard: str, at_ms: int) -> None:
        """Record that a shard was looked at; an older look that ends later changes nothing."""
        item = self._item(shard_key(shard).as_item() | {"looked_at_ms": at_ms})
        known = Attr("looked_at_ms")
        with suppress(ConditionFailed):
            self._table.write(Put(item, known.not_exists() | known.lt(at_ms)))

    def begin_walk(self, parts: Iterable[CallRange]) -> None:
        """Store the parts of a walk over a lane, before they are sent."""
        for part in parts:
            self._table.write(Put(self._part_item(part)))

    def is_pending(self, part: CallRange) -> bool:
        """Tell whether a part is still to be looked at from its first call on: a repeated message is late."""
        item = self._table.get(walk_part_key(part.lane, part.number)) or {}
        return (item.get("walk_ms"), item.get("first")) == (part.walk_ms, part.first)

    def advance(self, part: CallRange, first: str) -> CallRange | None:
        """Store that a part goes on at `first`; None if another invocation was quicker."""
        rest = replace(part, first=first)
        try:
            self._table.write(Put(self._part_item(rest), self._same(part)))
        except ConditionFailed:
            return None
        return rest

    def finish(self, part: CallRange) -> None:
        """Forget a part that was looked at."""
        with suppress(ConditionFailed):
            self._table.write(Delete(walk_part_key(part.lane, part.number), self._same(part)))

    def save_cursor(self, name: str, after: str) -> None:
        """Store where a pass stopped."""
        self._table.write(Put(self._item(pass_cursor_key(name).as_item() | {"after": after})))

    def forget_cursor(self, name: str) -> None:
        """Have the next pass begin at the start."""
        self._table.write(Delete(pass_cursor_key(name)))

    @staticmethod
    def _same(part: CallRange) -> ConditionBase:
        return Attr("walk_ms").eq(part.walk_ms) & Attr("first").eq(part.first)

    def _part_item(self, part: CallRange) -> Item:
        key = walk_part_key(part.lane, part.number)
        return self._item(key.as_item() | asdict(part) | {"sent_ms": self._clock.wall_ms()})

    def _item(self, values: Item) -> Item:
        return values | {TTL: self._clock.wall_ms() // 1000 + _RETENTION_S}


def oldest_ms(progress: Progress, shards: Sequence[str]) -> int | None:
    """Return when the shard, or the walk, that waits longest was last looked at or began."""
    looks = [progress.shards[name] for name in shards if name in progress.shards]
    return min([*looks, *progress.walks.values()], default=None)
