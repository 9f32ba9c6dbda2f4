"""Repository of calls: each change is one transaction, conditional on the version it was decided on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from boto3.dynamodb.conditions import Attr

from trunkline.calls.attributes import call_attributes, call_from_attributes
from trunkline.calls.create_items import IDEMPOTENCY, RULES, SLOT_COUNTS, create_items, event_put
from trunkline.calls.events import CallEvent
from trunkline.calls.index_items import open_attributes, queue_writes, slot_writes
from trunkline.calls.models import Call, Change, StaleCall
from trunkline.calls.open_call_index import OpenCallIndex
from trunkline.core.item_guard import ItemGuard
from trunkline.storage.idempotency import IdempotencyKey
from trunkline.storage.keys.calls import call_event_key, call_key, livekit_event_key
from trunkline.storage.keys.dialing import (
    cancel_key,
    in_progress_partition,
    scheduled_at_ms,
    scheduled_key,
    slot_key,
    talking_prefix,
    waiting_partition,
)
from trunkline.storage.keys.item import PK, SK, TTL, ItemKey
from trunkline.storage.table import (
    ABSENT,
    Check,
    ConditionFailed,
    ConflictRetry,
    Delete,
    Put,
    Table,
    Update,
    Write,
)

_MAX_TRIES = 8
_LIVEKIT_EVENT = "livekit event"


class AlreadyCreated(Exception):
    """The idempotency key was used within the last day: its call exists."""


class DuplicateEvent(Exception):
    """The same webhook already changed the call."""


class RuleConditionFailed(Exception):
    """A condition on another item failed (suppression, quota); nothing was written."""


class NoFreeSlot(Exception):
    """A limited pool does not have a free slot; nothing was written."""


class CallRepository:
    """Reads and changes calls. Unsure means refuse: a write that may have failed raises, never guesses."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self.open_calls = OpenCallIndex(table)

    def load(self, call_id: str) -> Call | None:
        """Read a call with strong consistency."""
        item = self._table.get(call_key(call_id))
        return call_from_attributes(item) if item else None

    def load_all(self, call_ids: Sequence[str], guard: ItemGuard) -> list[Call]:
        """Read up to 100 calls with strong consistency, without those that are gone or cannot be read."""
        found: list[Call] = []
        for item in self._table.get_all([call_key(call_id) for call_id in call_ids]):
            with guard.item("call", item[PK]):
                found.append(call_from_attributes(item))
        return found

    def load_with_events(self, call_id: str) -> tuple[Call, list[CallEvent]] | None:
        """Read a call and its events in one query."""
        items = self._table.between(call_key(call_id), f"{call_event_key(call_id).sk}~")
        if not items or items[0][SK] != call_key(call_id).sk:
            return None
        events = [
            CallEvent(item["sequence"], item["type"], item["at_ms"], json.loads(item["data_json"]))
            for item in items[1:]
        ]
        return call_from_attributes(items[0]), events

    def create(
        self,
        call: Call,
        idempotency_key: IdempotencyKey | None = None,
        extra_writes: Sequence[Write] = (),
        limits: Mapping[str, int] | None = None,
        checks: Sequence[Check] = (),
    ) -> None:
        """Store a call, its queue entry, its first event and what else belongs to it: all or none (rule 1).

        `limits` bounds the pools in which the call holds a slot from the first (a web call's).

        Raises:
            AlreadyCreated: the idempotency key was used; nothing was written.
            RuleConditionFailed: one of `checks` does not hold; nothing was written.
            NoFreeSlot: a pool is full; nothing was written.
        """
        items = create_items(call, idempotency_key, extra_writes, limits, checks)
        try:
            self._table.transact(items, ConflictRetry())
        except ConditionFailed as error:
            if IDEMPOTENCY in error.names:
                raise AlreadyCreated from error
            if RULES in error.names:
                raise RuleConditionFailed(call.id) from error
            if error.names == {SLOT_COUNTS}:
                raise NoFreeSlot(call.id) from error
            raise

    def find_by_idempotency_key(self, idempotency_key: IdempotencyKey) -> Call | None:
        """Find the call of an idempotency key; None if it was withdrawn in between.

        Raises:
            IdempotencyConflict: that request had another body.
        """
        record = self._table.get(idempotency_key.item_key)
        return self.load(idempotency_key.resource_id(record)) if record else None

    def apply(
        self,
        before: Call,
        change: Change,
        now_ms: int,
        *,
        release_key: IdempotencyKey | None = None,
        livekit_event_id: str = "",
    ) -> Call:
        """Write one change; with it release an idempotency key, or record the webhook that caused it.

        Raises:
            DuplicateEvent: that webhook has changed the call already; nothing was written.
            StaleCall: the call is no longer as `before`; nothing was written.
            NoFreeSlot: a pool it takes a slot of is full; nothing was written.
        """
        sequence = before.sequence + len(change.events)
        after = replace(change.call, version=before.version + 1, sequence=sequence)
        counts, slots = slot_writes(self._with_slots_held(before, after), after, change.limits)
        writes: dict[str, Sequence[Write]] = {
            "slots": slots,
            _LIVEKIT_EVENT: [_livekit_event_put(before, livekit_event_id)] if livekit_event_id else [],
            "call": [_call_update(before, after)],
            "events": [
                event_put(after, number, event, now_ms)
                for number, event in enumerate(change.events, before.sequence + 1)
            ],
            "queue": [*_cancel_writes(before, after), *queue_writes(before, after)],
            "idempotency": [release_key.forget()] if release_key else [],
            SLOT_COUNTS: counts,
        }
        try:
            self._table.transact(writes, ConflictRetry())
        except ConditionFailed as error:
            if error.names == {SLOT_COUNTS}:
                raise NoFreeSlot(before.id) from error
            if _LIVEKIT_EVENT in error.names:
                raise DuplicateEvent(before.id) from error
            raise StaleCall(before.id) from error
        return after

    def _with_slots_held(self, before: Call, after: Call) -> Call:
        """Return an ended call without slots that it names though an earlier version freed them."""
        if not before.is_terminal or before.slots == after.slots:
            return before
        keys = {pool: slot_key(pool, before.id, before.claim) for pool in before.slots}
        return replace(before, slots=tuple(pool for pool, key in keys.items() if self._table.get(key)))

    def update(
        self,
        call_id: str,
        decide: Callable[[Call], Change | None],
        now_ms: int,
        *,
        known: Call | None = None,
        livekit_event_id: str = "",
    ) -> Call | None:
        """Read, decide and write until the decision holds; the decision is taken anew each time.

        `known` is the call as it was last seen: it saves the first read, and if it is stale the write
        says so.

        Returns:
            The call as it is now, or None if there is none. A decision of None changes nothing.
        """
        for _ in range(_MAX_TRIES):
            call = known or self.load(call_id)
            known = None
            if call is None:
                return None
            change = decide(call)
            if change is None:
                return call
            try:
                return self.apply(call, change, now_ms, livekit_event_id=livekit_event_id)
            except DuplicateEvent:
                return call
            except StaleCall:
                continue
        raise StaleCall(call_id)

    def record_provider_ids(self, call_id: str, claim: int, ids: dict[str, str]) -> bool:
        """Write ids as soon as they are known; an event about another claim is ignored (rule 6).

        Returns:
            False if that claim of the call is over: a leg of it has no business being there. The ids of an
            ended call stay as they are.
        """
        condition = Attr("claim").eq(claim) & Attr("ended_at_ms").not_exists()
        try:
            self._table.write(Update(call_key(call_id), set=ids, condition=condition))
        except ConditionFailed as error:
            return error.item is None
        return True

    def cancel_requested_ids(self, trunk_id: str) -> set[str]:
        """List the ids of a trunk's dialled calls that are to be hung up."""
        return {item[SK] for item in self._table.partition(cancel_key(trunk_id))}

    def in_progress_ids(self, trunk_id: str) -> Iterator[str]:
        """Walk the ids of a trunk's claimed calls that have not ended."""
        for item in self._table.open_items(in_progress_partition(trunk_id)):
            yield item[PK].removeprefix("C#")

    def waiting_ids(self, trunk_id: str) -> Iterator[str]:
        """Walk the ids of a trunk's waiting calls, the first to expire first."""
        for item in self._table.open_items(waiting_partition(trunk_id)):
            yield item[PK].removeprefix("C#")

    def due_ids(self, trunk_id: str, now_ms: int, limit: int) -> list[str]:
        """List the ids of calls outside the queue that are due, strongly consistent."""
        first = scheduled_key(trunk_id)
        items = self._table.between(ItemKey(first.pk, "0"), f"{now_ms:015d}~", limit=limit)
        return [item["call_id"] for item in items]

    def due_times(self, trunk_id: str, until_ms: int, limit: int = 50) -> list[int]:
        """List the due times of the first calls outside the queue, up to a time, in order."""
        first = scheduled_key(trunk_id)
        items = self._table.between(ItemKey(first.pk, "0"), f"{until_ms:015d}~", limit=limit)
        return [scheduled_at_ms(item[SK]) for item in items]

    def set_expiry(self, call_id: str, ttl: int) -> None:
        """Keep all that belongs to a call for longer than was thought when it was written."""
        for item in self._table.partition(ItemKey(call_key(call_id).pk, "")):
            key = ItemKey(item[PK], item[SK])
            self._table.write(Update(key, set={TTL: ttl}, condition=Attr(PK).exists()))

    def count_in_progress(self, trunk_id: str, tenant_id: str, limit: int = 10_000) -> int:
        """Count a tenant's claimed calls on a trunk that have not ended; a moment old."""
        return self._table.count_open_calls(in_progress_partition(trunk_id), f"{tenant_id}#", limit=limit)

    def count_talking(self, trunk_id: str, tenant_id: str, limit: int = 10_000) -> int:
        """Count those of them that were answered."""
        partition, answered = in_progress_partition(trunk_id), talking_prefix(tenant_id)
        return self._table.count_open_calls(partition, answered, limit=limit)


def _livekit_event_put(call: Call, event_id: str) -> Put:
    """Record a webhook with the change it makes, so that a repeat changes nothing."""
    item = livekit_event_key(call.id, event_id).as_item()
    return Put(item | ({TTL: call.ttl} if call.ttl else {}), ABSENT)


def _call_update(before: Call, after: Call) -> Update:
    old, new = call_attributes(before), call_attributes(after)
    changed = {name: value for name, value in new.items() if old.get(name) != value}
    gone = [name for name in old if name not in new]
    listed = open_attributes(after)
    if listed != open_attributes(before):
        changed |= listed
        gone += [name for name in open_attributes(before) if name not in listed]
    condition = Attr("version").eq(before.version)
    return Update(call_key(before.id), set=changed, remove=gone, condition=condition)


def _cancel_writes(before: Call, after: Call) -> list[Write]:
    key = cancel_key(after.trunk_id, after.id)
    if after.cancel_requested_at_ms and not before.cancel_requested_at_ms:
        return [Put(key.as_item())]
    if before.cancel_requested_at_ms and after.is_terminal:
        return [Delete(key)]
    return []
