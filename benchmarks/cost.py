"""What a dialled call asks of AWS and what a million cost, from requests counted on the wire.

List prices, us-east-1, on demand: DynamoDB 0.625 $ a million write units and 0.125 $ a
million read units (https://aws.amazon.com/dynamodb/pricing/on-demand/), SQS 0.40 $ a million requests,
HTTP API 1.00 $ a million, Lambda 0.20 $ a million invocations; the functions' time is not in it.
"""

from __future__ import annotations

import json
from collections import Counter
from math import ceil
from typing import Any

from aiohttp import web

from benchmarks.line import BUSY, Line
from benchmarks.main_job import Client
from benchmarks.table import Row
from local.stack import Stack
from local.wire import Passing, Wire, through

CALLS = 100
WRITE_USD, READ_USD, _SQS_USD, _HTTP_USD, LAMBDA_USD = 0.625, 0.125, 0.40, 1.00, 0.20
_TYPE_MARKS = frozenset({"S", "N", "BOOL", "NULL", "M", "L"})
_WRITES = ("PutItem", "UpdateItem", "DeleteItem")


class Metering(Wire):
    """Counts request units by the sizes that pass: 1 KB a write unit, 4 KB a strongly consistent read."""

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self.units: Counter[str] = Counter()

    async def carry(self, passing: Passing) -> web.Response:
        answer = await passing.forward()
        self._count(passing, len(answer.body) if isinstance(answer.body, bytes) else 0)
        return answer

    def _count(self, passing: Passing, answer_bytes: int) -> None:
        body = json.loads(passing.body or b"{}")
        if passing.operation in ("GetItem", "Query"):
            units = max(1, ceil(answer_bytes / 4096))
            self.units["read"] += units if body.get("ConsistentRead") else ceil(units / 2)
        if passing.operation in _WRITES:
            self.units["write"] += _write_units(body)
        if passing.operation == "TransactWriteItems":
            self.units["write"] += 2 * sum(map(_transacted_units, body["TransactItems"]))
        if passing.operation in ("SendMessage", "ReceiveMessage", "DeleteMessage"):
            self.units["sqs"] += 1


def _transacted_units(action: dict[str, Any]) -> int:
    return sum(_write_units(write) for write in action.values())


def _write_units(write: dict[str, Any]) -> int:
    """A Put is as large as it is; an Update pays for its whole item: a call is between 1 and 2 KB.

    A move in the index of open calls is a delete and a put there.
    """
    if "Item" in write:
        return ceil(_bytes(write["Item"]) / 1024) + ("open_pk" in write["Item"])
    is_call = write["Key"]["sk"] == {"S": "CALL"}
    names = write.get("ExpressionAttributeNames", {}).values()
    return (2 if is_call and "UpdateExpression" in write else 1) + (2 if "open_pk" in names else 0)


def _bytes(value: Any) -> int:
    """The size that DynamoDB counts: names and values, without the marks of their types."""
    if not isinstance(value, dict):
        return len(str(value))
    return sum(
        len(name) * (name not in _TYPE_MARKS) + _bytes(part) + (3 if name in ("M", "L") else 0)
        for name, part in value.items()
    )


def cost_rows(stack: Stack, tenant: Client) -> list[Row]:
    """A line of calls that are dialled and busy, and as many POSTs beside."""
    wire = Metering(stack.config.emulator_url)
    with through(stack, wire, ["api", "dialer", "livekit-webhook"]):
        tenant.wait_for_end(tenant.place(stack.seed.agent_id, BUSY)[1])
        line = Line(stack, 20)
        line.fill(CALLS)
        wire.units.clear()
        line.wake(1)
        line.wait(120)
        dialled = {name: count / CALLS for name, count in wire.units.items()}
    post = Metering(stack.config.emulator_url)
    with through(stack, post, ["api"]):
        tenant.place(stack.seed.agent_id, BUSY)
        post.units.clear()
        for _ in range(10):
            tenant.place(stack.seed.agent_id, BUSY)
    accepted = {name: count / 10 for name, count in post.units.items()}
    return [
        _units_row("accepting a call", accepted),
        _units_row("dialling it (busy)", dialled),
        _price(accepted, dialled),
    ]


def _units_row(what: str, units: dict[str, float]) -> Row:
    figure = f"{units.get('write', 0):.1f} write units, {units.get('read', 0):.1f} read units"
    return Row(f"DynamoDB, {what}", figure)


def _price(*parts: dict[str, float]) -> Row:
    total = Counter[str]()
    for part in parts:
        total.update(part)
    dynamodb = total["write"] * WRITE_USD + total["read"] * READ_USD
    # One wake a call: sent, received, deleted; one POST; two invocations.
    rest = 3 * _SQS_USD + _HTTP_USD + 2 * LAMBDA_USD
    return Row("a million calls, list prices", f"{dynamodb + rest:.2f} $", f"of it DynamoDB {dynamodb:.2f} $")
