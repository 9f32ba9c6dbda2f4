"""What a version reads out of stored items, queue messages and inputs of state machines.

Runs under the code of any version: `python -m tests.compatibility.readers < stored.json`, with that version's
packages first on the path. So it names nothing that only this version has, beyond a reader of its own.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from boto3.dynamodb.types import Binary

from tests.support.clocks import ManualClock
from tests.support.memory_table import MemoryTable
from trunkline.agents.repository import AgentRepository
from trunkline.auth import audit_log
from trunkline.auth.api_key_repository import ApiKeyRepository
from trunkline.batches.models import BatchJob
from trunkline.batches.repository import BatchRepository
from trunkline.calls.repository import CallRepository
from trunkline.calls.transcript_repository import TranscriptRepository
from trunkline.compliance.number_rules import NumberRules
from trunkline.dial_queue.lease import LaneLeaseRepository
from trunkline.dial_queue.messages import DialWakeup
from trunkline.dial_queue.repository import DialQueue
from trunkline.schedules.repository import ScheduleRepository
from trunkline.storage.serialization import from_dynamodb
from trunkline.tenants.repository import TenantRepository
from trunkline.tenants.settings import TenantSettings
from trunkline.tools.repository import ToolRepository
from trunkline.tools.secret_repository import SecretRepository
from trunkline.triggers.repository import TriggerRepository
from trunkline.trunks.repository import TrunkRepository
from trunkline.webhooks.delivery_repository import DeliveryRepository
from trunkline.webhooks.health_repository import EndpointHealthRepository
from trunkline.webhooks.repository import EndpointRepository
from trunkline.workflows.repository import WorkflowRepository

Item = Mapping[str, Any]
Reader = Callable[[MemoryTable, str, str], Any]
"""Reads the items of one kind, by the rest of the partition key and of the sort key."""

NO_CIPHER: Any = None

READERS: dict[tuple[str, str], Reader] = {
    ("C", "CALL"): lambda table, call_id, _: CallRepository(table).load(call_id),
    ("C", "EVENT"): lambda table, call_id, _: CallRepository(table).load_with_events(call_id),
    ("C", "TURNS"): lambda table, call_id, _: TranscriptRepository(table).read(call_id),
    ("LINE", ""): lambda table, trunk, sk: DialQueue(table).peek(trunk, sk.partition("#")[0], 9),
    ("LANE", "LANE"): lambda table, trunk, _: LaneLeaseRepository(table, ManualClock()).status(trunk),
    ("RUN", "RUN"): lambda table, run, _: LaneLeaseRepository(table, ManualClock()).run_is_alive(run),
    ("SLOTS", "COUNT"): lambda table, pool, _: TrunkRepository(table).slots_taken(pool),
    ("SLOTS", "SLOT"): lambda table, pool, _: list(TrunkRepository(table).slots(pool)),
    ("TRUNK", "TRUNK"): lambda table, trunk, _: TrunkRepository(table).load(trunk),
    ("TRUNK", "SETTINGS"): lambda table, trunk, _: TrunkRepository(table).state(trunk),
    ("TRUNK", "BREAKER"): lambda table, trunk, _: TrunkRepository(table).state(trunk),
    ("TRUNK", "FAILURES"): lambda table, trunk, _: TrunkRepository(table).state(trunk),
    ("TRUNK", "HELD"): lambda table, trunk, _: TrunkRepository(table).state(trunk),
    ("TRUNK", "GRANT"): lambda table, trunk, _: TrunkRepository(table).grantees(trunk),
    ("TRUNKLOG", ""): lambda table, trunk, _: TrunkRepository(table).events(trunk),
    ("T", "TRUNK"): lambda table, tenant, _: TrunkRepository(table).granted_ids(tenant),
    ("T", "TENANT"): lambda table, tenant, _: TenantSettings.parse(_of(table, tenant, "TENANT")),
    ("TENANTS", ""): lambda table, _, __: TenantRepository(table).all(),
    ("TENANTNAMES", ""): lambda table, _, name: TenantRepository(table).find(name),
    ("T", "AGENT"): lambda table, tenant, agent: AgentRepository(table).load(tenant, agent),
    ("T", "WORKFLOW"): lambda table, tenant, slug: WorkflowRepository(table).load(tenant, slug),
    ("T", "TOOL"): lambda table, tenant, name: ToolRepository(table).load(tenant, name),
    ("T", "SECRET"): lambda table, tenant, name: SecretRepository(table, NO_CIPHER).load(tenant, name),
    ("T", "APIKEY"): lambda table, tenant, key: ApiKeyRepository(table).load(tenant, key),
    ("T", "WEBHOOK"): lambda table, tenant, hook: EndpointRepository(table).load(tenant, hook),
    ("T", "NUMBERRULES"): lambda table, tenant, _: NumberRules.parse(_of(table, tenant, "NUMBERRULES")),
    ("T", "SCHEDULE"): lambda table, tenant, schedule: ScheduleRepository(table).load(tenant, schedule),
    ("T", "TRIGGER"): lambda table, tenant, trigger: TriggerRepository(table).load(tenant, trigger),
    ("SCHEDULE", "SCHEDULE"): lambda table, schedule, _: ScheduleRepository(table).find(schedule),
    ("SCHEDULELOG", ""): lambda table, schedule, _: ScheduleRepository(table).runs(schedule, 9),
    ("UNMIRRORED", ""): lambda table, _, __: ScheduleRepository(table).pending_sync(10**15),
    ("TRIGGER", "TRIGGER"): lambda table, trigger, _: TriggerRepository(table).find(trigger),
    ("TRIGGERLOG", ""): lambda table, trigger, _: TriggerRepository(table).received(trigger, 9),
    ("BATCH", "BATCH"): lambda table, batch, _: BatchRepository(table).load(batch),
    ("BATCH", "PART"): lambda table, batch, _: BatchRepository(table).parts(batch),
    ("BATCH", "OUTCOME"): lambda table, batch, _: BatchRepository(table).outcomes(batch),
    ("BATCHWORK", ""): lambda table, _, __: list(BatchRepository(table).unfinished_ids(10**15)),
    ("D", "DELIVERY"): lambda table, hook, _: DeliveryRepository(table).oldest_first(hook, 0, limit=9)[0],
    ("D", "HEALTH"): lambda table, hook, _: EndpointHealthRepository(table).load(hook),
    ("AUDIT", ""): lambda table, tenant, _: _audit(table, tenant),
}


def _of(table: MemoryTable, tenant: str, sort_key: str) -> Item:
    return table.items[f"T#{tenant}", sort_key]


def _audit(table: MemoryTable, tenant: str) -> list[Any]:
    entries = [item for (pk, _), item in table.items.items() if pk == f"AUDIT#{tenant}"]
    return [audit_log._view(item) for item in entries]


def kind_of(pk: str, sk: str) -> tuple[str, str]:
    """The kind of an item: the words of its key before the names in it."""
    word = sk.partition("#")[0]
    return pk.partition("#")[0], word if word.isupper() and word.isalpha() else ""


def read_items(stored: Iterable[Item]) -> dict[str, Any]:
    """Read each item of a kind that has a reader, among the others; an error is what was read, too.

    Items of several shapes may have one key: each is read in the place of the first.
    """
    items = [from_dynamodb(_binary(item)) for item in stored]
    others = {(item["pk"], item["sk"]): item for item in reversed(items)}
    results = {}
    for number, item in enumerate(items):
        pk, sk = item["pk"], item["sk"]
        kind = kind_of(pk, sk)
        if reader := READERS.get(kind):
            table = MemoryTable()
            table.items = others | {(pk, sk): item}
            rest = sk.partition("#")[2] if kind[1] else sk
            results[f"{number} {pk} {sk}"] = plain(_read(reader, table, pk.partition("#")[2], rest))
    return results


def _read(reader: Reader, table: MemoryTable, pk: str, sk: str) -> Any:
    try:
        return reader(table, pk, sk)
    except Exception as error:  # noqa: BLE001 - whatever a version raises is its answer
        return f"{type(error).__name__}: {error}"


MESSAGES: dict[str, Callable[[str], Any]] = {
    "wake": DialWakeup.from_json,
    "batch_job": lambda text: BatchJob(json.loads(text)["work"]),
}


def plain(value: Any) -> Any:
    """A result as JSON: dataclasses as objects, bytes by their length."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in sorted(value.items(), key=str)}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each) for each in value]
    if isinstance(value, bytes | Binary):
        return f"{len(bytes(value))} bytes"  # type: ignore[arg-type]
    return value if isinstance(value, int | float | bool | None) else str(value)


def _binary(value: Any) -> Any:
    """Undo JSON's texts of binary values."""
    if isinstance(value, dict):
        if set(value) == {"B"} and isinstance(value["B"], str):
            return {"B": bytes.fromhex(value["B"])}
        return {name: _binary(each) for name, each in value.items()}
    return [_binary(each) for each in value] if isinstance(value, list) else value


if __name__ == "__main__":
    json.dump(read_items(json.load(sys.stdin)), sys.stdout)
