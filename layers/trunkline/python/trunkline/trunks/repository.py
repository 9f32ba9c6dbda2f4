"""Trunk repository: declarations of the operator, settings of tenants, events and slots in the table."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from boto3.dynamodb.conditions import Attr

from trunkline.core.errors import AlreadyExists
from trunkline.storage.keys.dialing import (
    breaker_key,
    failures_key,
    grant_key,
    grantee_key,
    slot_count_key,
    slot_key,
    trunk_directory_key,
    trunk_event_key,
    trunk_key,
    trunk_settings_key,
)
from trunkline.storage.keys.item import SK, TTL, Item, ItemKey
from trunkline.storage.keys.tenants import tenant_key
from trunkline.storage.table import ABSENT, EXISTS, ConditionFailed, Delete, Put, Table, Update, Write
from trunkline.trunks.batch_holds import BatchHold
from trunkline.trunks.circuit_breaker import LIVEKIT_REFUSED, TrunkCircuitBreaker
from trunkline.trunks.models import Trunk, TrunkSettings, TrunkState, is_test_trunk

_EVENT_RETENTION_S = 365 * 24 * 3600


@dataclass(frozen=True)
class TrunkEvent:
    """A `trunk.paused` or `trunk.resumed` with its reason."""

    type: str
    reason: str
    at_ms: int


class TrunkRepository:
    """Reads and writes trunks, grants, circuit breakers and slots."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def load(self, trunk_id: str) -> Trunk | None:
        """Read a trunk as the operator declared it."""
        item = self._table.get(trunk_key(trunk_id))
        return Trunk.parse(item) if item else None

    def state(self, trunk_id: str) -> TrunkState | None:
        """Read everything that decides what may be dialled on a trunk, in one query."""
        items = {item[SK]: item for item in self._table.partition(ItemKey(trunk_key(trunk_id).pk, ""))}
        declared = items.get(trunk_key(trunk_id).sk)
        if declared is None:
            return None
        settings = items.get(trunk_settings_key(trunk_id).sk)
        breaker = items.get(breaker_key(trunk_id).sk)
        failing = items.get(failures_key(trunk_id).sk, {})
        granted = {sk.removeprefix("GRANT#"): items[sk] for sk in items if sk.startswith("GRANT#")}
        total = "max_calls_in_progress"
        return TrunkState(
            Trunk.parse(declared),
            TrunkSettings.parse(settings) if settings else TrunkSettings(),
            TrunkCircuitBreaker.parse(breaker) if breaker else None,
            {tenant: item.get("max_concurrent_calls") for tenant, item in granted.items()},
            {tenant: item[total] for tenant, item in granted.items() if item.get(total)},
            tuple(BatchHold.parse(items[sk]) for sk in items if sk.startswith("HELD#")),
            failing.get("number", 0),
            failing.get("reason"),
        )

    def ids(self) -> list[str]:
        """List the ids of all trunks of the deployment."""
        return [item[SK] for item in self._table.partition(trunk_directory_key())]

    def create(self, trunk: Trunk) -> None:
        """Store a new trunk.

        Raises:
            AlreadyExists: this SIP trunk already has a lane.
        """
        try:
            self._table.transact([Put(_item(trunk), ABSENT), Put(_directory_item(trunk), ABSENT)])
        except ConditionFailed as error:
            raise AlreadyExists(f"SIP trunk {trunk.sip_trunk_id} is already trunk {trunk.id}") from error

    def save(self, trunk: Trunk, extra_writes: Sequence[Write] = ()) -> None:
        """Replace an operator's declaration of a trunk; running lanes apply it within half a second."""
        self._table.transact([Put(_item(trunk)), Put(_directory_item(trunk)), *extra_writes])

    def grant(
        self,
        trunk_id: str,
        tenant_id: str,
        max_concurrent_calls: int | None = None,
        extra_writes: Sequence[Write] = (),
    ) -> None:
        """Let a tenant dial through a trunk; a second grant replaces its limit."""
        limit = {"max_concurrent_calls": max_concurrent_calls}
        total = (self._table.get(tenant_key(tenant_id)) or {}).get("max_calls_in_progress")
        grant = Put(grant_key(tenant_id, trunk_id).as_item() | {"trunk_id": trunk_id} | limit)
        grantee = grantee_key(trunk_id, tenant_id).as_item() | limit | {"max_calls_in_progress": total}
        self._table.transact([grant, Put(grantee), *extra_writes])

    def limit_total(self, tenant_id: str, max_calls: int | None) -> None:
        """Store a tenant's total limit of concurrent calls with each of its trunks; None: no limit."""
        for trunk_id in self.granted_ids(tenant_id):
            limit = {"max_calls_in_progress": max_calls}
            self._table.write(Update(grantee_key(trunk_id, tenant_id), set=limit, condition=EXISTS))

    def grantees(self, trunk_id: str) -> list[str]:
        """List the tenants that may use a trunk."""
        return [item[SK].removeprefix("GRANT#") for item in self._table.partition(grantee_key(trunk_id))]

    def granted_ids(self, tenant_id: str) -> list[str]:
        """List the ids of the trunks that a tenant may use."""
        return [item["trunk_id"] for item in self._table.partition(grant_key(tenant_id))]

    def is_granted(self, tenant_id: str, trunk_id: str) -> bool:
        return self._table.get(grant_key(tenant_id, trunk_id)) is not None

    def find(self, tenant_id: str, name_or_id: str, *, test: bool = False) -> Trunk | None:
        """Find one of the tenant's trunks, live or test, by its id or name."""
        for trunk_id in self.granted_ids(tenant_id):
            trunk = self.load(trunk_id)
            if trunk and trunk.test is test and name_or_id in (trunk.id, trunk.name):
                return trunk
        return None

    def granted(self, tenant_id: str, trunk_id: str) -> Trunk | None:
        """Load a trunk if it is granted to the tenant."""
        return self.load(trunk_id) if self.is_granted(tenant_id, trunk_id) else None

    def set(
        self,
        trunk_id: str,
        settings: Mapping[str, Any],
        event: TrunkEvent | None,
        extra_writes: Sequence[Write] = (),
        *,
        resumes: bool = False,
    ) -> None:
        """Change some of the tenant's settings (None: back to the operator's), and record the event.

        `resumes` closes the circuit breaker by hand.
        """
        writes: list[Write] = [Update(trunk_settings_key(trunk_id), set=settings)]
        if resumes:
            writes += [Delete(breaker_key(trunk_id)), Delete(failures_key(trunk_id))]
        self._table.transact([*writes, *_event_puts(trunk_id, event), *extra_writes])

    def open_breaker(self, trunk_id: str, breaker: TrunkCircuitBreaker) -> None:
        """Pause a failing trunk; a late write of a lost run only stores a pause that ends sooner."""
        event = TrunkEvent("trunk.paused", breaker.reason, breaker.opened_at_ms)
        item = asdict(breaker) | breaker_key(trunk_id).as_item()
        writes: list[Write] = [Put(item), Delete(failures_key(trunk_id))]
        self._table.transact([*writes, *_event_puts(trunk_id, event)])

    def count_failures(self, trunk_id: str, number: int, reason: str, anew: bool) -> None:
        """Add to the trunk's failures in a row, of which `reason` names the last, or begin the row anew."""
        key = failures_key(trunk_id)
        if anew:
            self._table.write(Put(key.as_item() | {"number": number, "reason": reason}))
        else:
            self._table.write(Update(key, set={"reason": reason}, add={"number": number}))

    def close_breaker(self, trunk_id: str, now_ms: int) -> None:
        """Resume a trunk that works again; does nothing if another run has done so."""
        event = TrunkEvent("trunk.resumed", "carrier_answers", now_ms)
        with suppress(ConditionFailed):
            self._table.transact([Delete(breaker_key(trunk_id), EXISTS), *_event_puts(trunk_id, event)])

    def end_refusal(self, trunk_id: str, now_ms: int, extra_writes: Sequence[Write] = ()) -> bool:
        """Resume a trunk that is paused because LiveKit refused its dials; return whether it was.

        Any other pause stays: the carrier's failures, the tenant's and the operator's own.
        """
        refused = Attr("reason").begins_with(LIVEKIT_REFUSED)
        event = TrunkEvent("trunk.resumed", "livekit_changed", now_ms)
        writes: list[Write] = [Delete(breaker_key(trunk_id), refused), Delete(failures_key(trunk_id))]
        try:
            self._table.transact([*writes, *_event_puts(trunk_id, event), *extra_writes])
        except ConditionFailed:
            return False
        return True

    def events(self, trunk_id: str, limit: int = 20) -> list[TrunkEvent]:
        """List a trunk's last events, newest first."""
        items = self._table.latest(trunk_event_key(trunk_id), limit=limit)
        return [TrunkEvent(item["type"], item["reason"], item["at_ms"]) for item in items]

    def slots_taken(self, pool: str) -> int:
        """Count the taken slots of a pool."""
        return int((self._table.get(slot_count_key(pool)) or {}).get("taken", 0))

    def slots(self, pool: str) -> Iterator[tuple[str, int]]:
        """Iterate over the call id and claim of each taken slot of a pool."""
        for item in self._table.partition(slot_key(pool)):
            _, call_id, claim = item[SK].split("#")
            yield call_id, int(claim)

    def free_slot(self, pool: str, call_id: str, claim: int) -> None:
        """Free the slot of a claim that has ended; does nothing if it is free."""
        writes: list[Write] = [
            Delete(slot_key(pool, call_id, claim), EXISTS),
            Update(slot_count_key(pool), add={"taken": -1}),
        ]
        with suppress(ConditionFailed):
            self._table.transact(writes)


def _item(trunk: Trunk) -> Item:
    return trunk.as_attributes() | trunk_key(trunk.id).as_item()


def _directory_item(trunk: Trunk) -> Item:
    return trunk_directory_key(trunk.id).as_item() | {"name": trunk.name}


def _event_puts(trunk_id: str, event: TrunkEvent | None) -> list[Write]:
    if event is None:
        return []
    event_id = uuid.uuid4().hex
    item: dict[str, Any] = trunk_event_key(trunk_id, event.at_ms, event_id).as_item()
    item |= {"event_id": f"evt_{event_id}", "livemode": not is_test_trunk(trunk_id)}
    return [Put(item | asdict(event) | {TTL: event.at_ms // 1000 + _EVENT_RETENTION_S})]
