"""Cost of a call on AWS, from the request units of its intercepted requests.

The list prices are those of `trunkline cost`. The duration of the functions is not included.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from math import ceil
from typing import Any

from aiohttp import web
from trunkline_cli.cost import prices

from benchmarks.call_latency import TenantClient
from benchmarks.queue import BUSY, BenchmarkTrunk
from benchmarks.results import Row
from local.intercepting_proxy import Exchange, InterceptingProxy, routed_through
from local.stack import Stack

CALLS = 100
POSTS = 10
MILLION = 1_000_000
_TYPE_DESCRIPTORS = frozenset({"S", "N", "BOOL", "NULL", "M", "L"})
_WRITES = ("PutItem", "UpdateItem", "DeleteItem")
_KMS = ("Decrypt", "Encrypt", "GenerateDataKey")
_INDEXES = ("open_pk", "calls_pk", "user_pk", "number_pk")
"""The partition keys of the table's indexes (`infrastructure/data_stores.py`)."""


class UnitMeter(InterceptingProxy):
    """Counts request units by size: 1 KB a write unit, 4 KB a read unit of a strongly consistent read."""

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self.units: Counter[str] = Counter()

    async def intercept(self, exchange: Exchange) -> web.Response:
        response = await exchange.forward()
        self._count(exchange, len(response.body) if isinstance(response.body, bytes) else 0)
        return response

    def _count(self, exchange: Exchange, response_bytes: int) -> None:
        body = json.loads(exchange.body or b"{}")
        if exchange.operation in ("GetItem", "Query"):
            units = max(1, ceil(response_bytes / 4096))
            self.units["read"] += units if body.get("ConsistentRead") else ceil(units / 2)
        if exchange.operation in ("BatchGetItem", "TransactGetItems"):
            self.units["read"] += _units_of_items(response_bytes, body)
        if exchange.operation in _WRITES:
            self.units["write"] += _write_units(body)
        if exchange.operation == "TransactWriteItems":
            self.units["write"] += 2 * sum(map(_write_units_of_action, body["TransactItems"]))
        if exchange.operation in ("SendMessage", "ReceiveMessage", "DeleteMessage"):
            self.units["sqs"] += 1
        self.units["kms"] += exchange.operation in _KMS


def _units_of_items(response_bytes: int, body: dict[str, Any]) -> int:
    """Estimate the read units of several items: at least one each, twice that in a transaction."""
    if "TransactItems" in body:
        return 2 * max(len(body["TransactItems"]), ceil(response_bytes / 4096))
    keys = sum(len(table["Keys"]) for table in body["RequestItems"].values())
    return max(keys, ceil(response_bytes / 4096))


def _write_units_of_action(action: dict[str, Any]) -> int:
    return sum(_write_units(write) for write in action.values())


def _write_units(write: dict[str, Any]) -> int:
    """Estimate the write units of one write.

    A Put costs its own size, and one unit for each index that lists it. An Update costs its whole item: a
    call has 1 to 2 KB. A change of the key in the index of open calls is a delete and a put there; a change
    of a call's state is projected into two indexes, by tenant and by number.
    """
    if "Item" in write:
        return ceil(_bytes(write["Item"]) / 1024) + sum(index in write["Item"] for index in _INDEXES)
    is_update = write["Key"]["sk"] == {"S": "CALL"} and "UpdateExpression" in write
    names = write.get("ExpressionAttributeNames", {}).values()
    changed = 2 * ("open_pk" in names) + 2 * (is_update and "state" in names)
    return (2 if is_update else 1) + changed


def _bytes(value: Any) -> int:
    """Return the size that DynamoDB counts: names and values, without type descriptors."""
    if not isinstance(value, dict):
        return len(str(value))
    return sum(
        len(name) * (name not in _TYPE_DESCRIPTORS) + _bytes(part) + (3 if name in ("M", "L") else 0)
        for name, part in value.items()
    )


def cost_rows(stack: Stack, tenant: TenantClient) -> list[Row]:
    """Measure creating a call by POST, and dialling a call that is busy."""
    dialled, created = _units_of_dialling(stack, tenant), _units_of_creating(stack, tenant)
    return [
        _units_row("creating a call", created),
        _units_row("dialling a call (busy)", dialled),
        _price_row(created, dialled),
    ]


def _units_of_dialling(stack: Stack, tenant: TenantClient) -> dict[str, float]:
    meter = UnitMeter(stack.config.emulator_url)
    with routed_through(stack, meter, ["api", "dialer", "livekit-webhook"]):
        tenant.wait_for_end(tenant.place_call(stack.seed.agent_id, BUSY)[1])
        trunk = BenchmarkTrunk(stack, 20)
        trunk.enqueue(CALLS)
        meter.units.clear()
        trunk.wake_dialer(1)
        trunk.wait_until_idle(120)
        return {name: count / CALLS for name, count in meter.units.items()}


def _units_of_creating(stack: Stack, tenant: TenantClient) -> dict[str, float]:
    meter = UnitMeter(stack.config.emulator_url)
    with routed_through(stack, meter, ["api"]):
        tenant.place_call(stack.seed.agent_id, BUSY)
        meter.units.clear()
        for _ in range(POSTS):
            tenant.place_call(stack.seed.agent_id, BUSY)
        return {name: count / POSTS for name, count in meter.units.items()}


def _units_row(action: str, units: dict[str, float]) -> Row:
    value = f"{units.get('write', 0):.1f} write units, {units.get('read', 0):.1f} read units"
    return Row(f"DynamoDB, {action}", value)


def _price_row(*parts: dict[str, float]) -> Row:
    total = Counter[str]()
    for part in parts:
        total.update(part)
    dynamodb_usd = dynamodb_usd_a_million(total)
    # Per call: one wake-up that is sent, received and deleted, one POST, and two invocations.
    other_usd = (
        prices.SQS_REQUEST.of(3 * MILLION)
        + prices.HTTP_REQUEST.of(MILLION)
        + prices.INVOCATION.of(2 * MILLION)
    )
    value = f"{dynamodb_usd + other_usd:.2f} $, including DynamoDB {dynamodb_usd:.2f} $"
    return Row("a million calls, list prices", value)


def dynamodb_usd_a_million(units: Mapping[str, float]) -> float:
    """Return what a million times these write and read units cost."""
    return prices.WRITE_UNIT.of(units["write"] * MILLION) + prices.READ_UNIT.of(units["read"] * MILLION)
