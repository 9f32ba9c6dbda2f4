"""The stored batch, its rows and parts. Pure."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any

from trunkline.call_templates.models import CallKind
from trunkline.storage.keys.tenants import tenant_mode_of
from trunkline.trunks.batch_holds import BatchHold

MAX_ROWS = 100_000
PART_ROWS = 500
"""Rows of one part, the unit of import, cancellation and counting."""

PRIORITY = 7
SPAN_US = 1_000_000
"""Batches of a tenant begin in different seconds, so that their spans of arrival times do not overlap."""

BATCH_RETENTION_S = 90 * 86_400
"""How long a batch and its counts are kept."""

_CALLS = uuid.UUID("6f1d5b0e-5d2b-4c55-9c0e-0d6d9a3e7b41")


class BatchState(StrEnum):
    AWAITING_UPLOAD = "awaiting_upload"
    CHECKING = "checking"
    CHECKED = "checked"
    IMPORTING = "importing"
    RUNNING = "running"
    COMPLETED = "completed"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    REFUSED = "refused"


class BatchJob(StrEnum):
    """A job of the state machine over all rows of a batch."""

    CHECK = "check"
    IMPORT = "import"
    CANCEL = "cancel"
    EXPORT = "export"


class RowFormat(StrEnum):
    JSON = "json"
    NDJSON = "ndjson"
    CSV = "csv"


@dataclass(frozen=True)
class Batch:
    """Calls by one template: `body_json` is the body of the route `kind`, with `{{row.…}}` in it.

    The values of its `user_context` are encrypted beside it.

    `first_us` is the arrival time before the first row's call. `rows` and `parts` are None until the rows are
    read. `job` is the running job, or None; `runs` counts executions, so that their names differ, and
    `failures` those of the job that failed. `ttl` is in epoch seconds.
    """

    id: str
    tenant_id: str
    livemode: bool
    name: str
    kind: CallKind
    body_json: str
    user_context: bytes | None
    row_format: RowFormat
    dry_run: bool
    same_numbers: bool
    average_call_s: int
    starts_at_ms: int | None
    ends_at_ms: int | None
    first_us: int
    state: BatchState
    version: int
    created_at_ms: int
    updated_at_ms: int
    ttl: int
    paused: bool = False
    rows: int | None = None
    parts: int | None = None
    refused_because: str | None = None
    forecast_json: str | None = None
    job: BatchJob | None = None
    runs: int = 0
    exported_at_ms: int | None = None
    failures: int = 0
    export_failed: bool = False

    @property
    def tenant_mode(self) -> str:
        """Return the tenant and mode that it belongs to."""
        return tenant_mode_of(self.tenant_id, self.livemode)

    @property
    def is_check_only(self) -> bool:
        """Tell whether its rows are only checked, without calls."""
        return self.state in (BatchState.CHECKING, BatchState.CHECKED)

    @property
    def execution_name(self) -> str:
        """Name the execution of its present job."""
        return f"{self.id}-{self.job}-{self.runs}"

    def call_id(self, row: int) -> str:
        """Derive the call id of a row: the same at every try, so that a row has one call."""
        return str(uuid.uuid5(_CALLS, f"{self.id}/{row}"))

    def arrived_us(self, row: int) -> int:
        """Return the arrival time of a row's call, which orders the calls of one priority."""
        return self.first_us + row

    def hold(self, now_ms: int) -> BatchHold | None:
        """Return the hold that keeps its calls from being dialled now, or None."""
        until_ms = self.starts_at_ms if (self.starts_at_ms or 0) > now_ms else None
        stopped = self.paused or self.state in (BatchState.CANCELLING, BatchState.CANCELLED)
        if not stopped and until_ms is None:
            return None
        last_us = self.first_us + MAX_ROWS
        return BatchHold(self.tenant_id, self.id, self.first_us, last_us, None if stopped else until_ms)

    def as_attributes(self) -> dict[str, Any]:
        """Return the attributes to store."""
        attributes = asdict(self)
        return attributes | {"work": attributes.pop("job")}


def batch_from_attributes(item: Mapping[str, Any]) -> Batch:
    """Read a stored batch."""
    values: dict[str, Any] = {field.name: item.get(field.name) for field in fields(Batch)}
    for name, kind in (("kind", CallKind), ("row_format", RowFormat), ("state", BatchState)):
        values[name] = kind(item[name])
    context = values["user_context"]
    values["user_context"] = None if context is None else bytes(context)
    values["job"] = BatchJob(item["work"]) if item.get("work") else None
    values["failures"] = item.get("failures", 0)
    return Batch(**values)


def part_of(row: int) -> int:
    """Return the part of a row; both are counted from 1."""
    return (row - 1) // PART_ROWS + 1


def first_row(part: int) -> int:
    """Return the first row of a part."""
    return (part - 1) * PART_ROWS + 1


@dataclass(frozen=True)
class RowFault:
    """The reason for which a row has no call. `value` is the refused value, short and with masked numbers."""

    type: str
    message: str
    value: str | None = None


@dataclass(frozen=True)
class Row:
    """A row of a batch: its values or its fault. `name` is its column `id`, or None.

    `line` is the line of the file on which it begins, from 1; None in a JSON array. `phone` is the number to
    call, masked; a refused row keeps nothing else of its values.
    """

    number: int
    values: Mapping[str, Any]
    name: str | None = None
    fault: RowFault | None = None
    line: int | None = None
    phone: str | None = None

    def refused(self, fault: RowFault) -> Row:
        """Return the row with a fault instead of its values."""
        return replace(self, values={}, fault=fault)

    def as_json(self) -> dict[str, Any]:
        """Return the row as it is stored."""
        stored = {"row": self.number, "id": self.name, "line": self.line, "phone": self.phone}
        return stored | ({"fault": asdict(self.fault)} if self.fault else {"values": dict(self.values)})


def row_from_json(value: Mapping[str, Any]) -> Row:
    """Read a stored row."""
    fault = RowFault(**value["fault"]) if value.get("fault") else None
    return Row(value["row"], value.get("values", {}), value["id"], fault, value["line"], value["phone"])
