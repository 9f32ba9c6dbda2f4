"""Calls in the table: every change is one transaction, conditional on the version it was decided on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from boto3.dynamodb.conditions import Attr
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random

from trunkline.calls.model import Call, Change, Happening, StaleCall, call_from_attributes
from trunkline.table import (
    ABSENT,
    EXISTS,
    OPEN_PK,
    OPEN_SK,
    PK,
    SK,
    ConditionFailed,
    Delete,
    Item,
    ItemKey,
    Put,
    Table,
    TransactionConflict,
    Update,
    Write,
    call_event_key,
    call_key,
    cancel_key,
    line_key,
    open_partition,
)

_MAX_TRIES = 8


@dataclass(frozen=True)
class CallEvent:
    """One entry of a call's story."""

    sequence: int
    type: str
    at_ms: int
    data: dict[str, Any]


class CallStore:
    """Reads and changes calls. Unsure means refuse: a write that may have failed raises, never guesses."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def load(self, call_id: str) -> Call | None:
        """Read a call with strong consistency."""
        item = self._table.get(call_key(call_id))
        return call_from_attributes(item) if item else None

    def story(self, call_id: str) -> tuple[Call, list[CallEvent]] | None:
        """Read a call and its events in one query."""
        items = self._table.partition(ItemKey(call_key(call_id).pk, ""))
        if not items or items[0][SK] != call_key(call_id).sk:
            return None
        events = [
            CallEvent(item["sequence"], item["type"], item["at_ms"], json.loads(item["data_json"]))
            for item in items[1:]
        ]
        return call_from_attributes(items[0]), events

    def accept(self, call: Call) -> None:
        """Rule 1: call, line entry and first event, all or nothing."""
        item = call.as_attributes() | call_key(call.id).as_item()
        item |= {OPEN_PK: open_partition(call.trunk_id), OPEN_SK: f"{call.created_at_ms}#{call.id}"}
        event = _event_put(call, call.sequence, Happening("queued"), call.created_at_ms)
        self._transact([Put(item, ABSENT), _line_put(call), event])

    def change(self, before: Call, change: Change, now_ms: int) -> Call:
        """Write one change.

        Raises:
            StaleCall: the call is no longer as `before`; nothing was written.
        """
        sequence = before.sequence + len(change.events)
        after = replace(change.call, version=before.version + 1, sequence=sequence)
        writes: list[Write] = [_call_update(before, after)]
        for number, happening in enumerate(change.events, before.sequence + 1):
            writes.append(_event_put(after, number, happening, now_ms))
        writes += _cancel_writes(before, after)
        if change.enters_line:
            writes.append(_line_put(after))
        if change.leaves_line:
            writes.append(Delete(line_key(before.trunk_id, before.line_place), EXISTS))
        try:
            self._transact(writes)
        except ConditionFailed as error:
            raise StaleCall(before.id) from error
        return after

    def settle(
        self,
        call_id: str,
        decide: Callable[[Call], Change | None],
        now_ms: int,
        *,
        known: Call | None = None,
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
                return self.change(call, change, now_ms)
            except StaleCall:
                continue
        raise StaleCall(call_id)

    def note_ids(self, call_id: str, claim: int, ids: dict[str, str]) -> None:
        """Write ids as soon as they are known; news about another claim is ignored (rule 6)."""
        condition = Attr("claim").eq(claim)
        try:
            self._table.write(Update(call_key(call_id), set=ids, condition=condition))
        except ConditionFailed:
            return

    def cancels(self, trunk_id: str) -> set[str]:
        """The ids of a trunk's calls that were sent and are to be hung up."""
        return {item[SK] for item in self._table.partition(cancel_key(trunk_id))}

    def open_call_ids(self, trunk_id: str) -> Iterator[str]:
        """Walk the ids of a trunk's calls that have not ended, oldest first."""
        for item in self._table.open_calls(trunk_id):
            yield item[PK].removeprefix("C#")

    def _transact(self, writes: list[Write]) -> None:
        """Try again while other transactions are in the way: a conflict proves that nothing was written."""
        for attempt in Retrying(
            retry=retry_if_exception_type(TransactionConflict),
            stop=stop_after_attempt(_MAX_TRIES),
            wait=wait_random(0.005, 0.05),
            reraise=True,
        ):
            with attempt:
                self._table.transact(writes)


def _call_update(before: Call, after: Call) -> Update:
    old, new = before.as_attributes(), after.as_attributes()
    changed = {name: value for name, value in new.items() if old.get(name) != value}
    gone = [name for name in old if name not in new]
    if after.ended:
        gone += [OPEN_PK, OPEN_SK]
    condition = Attr("version").eq(before.version)
    return Update(call_key(before.id), set=changed, remove=gone, condition=condition)


def _cancel_writes(before: Call, after: Call) -> list[Write]:
    key = cancel_key(after.trunk_id, after.id)
    if after.cancel_requested_at_ms and not before.cancel_requested_at_ms:
        return [Put(key.as_item())]
    if before.cancel_requested_at_ms and after.ended:
        return [Delete(key)]
    return []


def _event_put(call: Call, sequence: int, happening: Happening, at_ms: int) -> Put:
    item: Item = call_event_key(call.id, sequence).as_item()
    item |= {"sequence": sequence, "type": happening.type, "at_ms": at_ms}
    item |= {"tenant_id": call.tenant_id, "data_json": json.dumps(dict(happening.data))}
    return Put(item, ABSENT)


def _line_put(call: Call) -> Put:
    item = line_key(call.trunk_id, call.line_place).as_item()
    return Put(item | {"call_id": call.id, "tenant_id": call.tenant_id}, ABSENT)
