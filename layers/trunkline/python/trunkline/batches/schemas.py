"""Requests and responses of batches."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Self

from pydantic import ConfigDict, Field, field_validator, model_validator
from typing_extensions import TypedDict

from trunkline.batches.models import RowFormat
from trunkline.call_templates.schemas import template_of
from trunkline.core.field_types import Moment
from trunkline.core.json_text import json_text
from trunkline.core.pagination import MESSAGE
from trunkline.core.phone_numbers import canonical_number
from trunkline.core.redaction import shown_value
from trunkline.core.timestamps import moment_ms
from trunkline.core.validation import Bounded, InputModel

_TIME = "must be an ISO 8601 time with its offset"


class BatchSpec(InputModel):
    """A batch: `body` is the body of `POST /calls/outbound` (`kind` outbound) or `POST /calls` (workflow),
    with `{{row.…}}` in it.

    Its rows are in `rows`, as a text in `text`, or are uploaded afterwards. `dry_run`: they are checked, and
    no call is made until `/start`.
    """

    messages: ClassVar[dict[str, str]] = {
        "kind": "kind must be workflow or outbound",
        "format": f"format must be one of {', '.join(RowFormat)}",
        "rows": "rows must be a list of objects",
        "dry_run": "dry_run must be true or false",
        "same_numbers": "same_numbers must be refuse or call",
        "starts_at": f"starts_at {_TIME}",
        "ends_at": f"ends_at {_TIME}",
    }

    name: Annotated[str, Field(min_length=1, max_length=100)]
    kind: Annotated[str, Field(pattern="^(workflow|outbound)$")] = "outbound"
    body: dict[str, Any]
    rows: Annotated[list[dict[str, Any]] | None, Field(min_length=1)] = None
    text: Annotated[str | None, Field(min_length=1, description="The rows in `format`.")] = None
    format: Annotated[str, Field(pattern="^(json|ndjson|csv)$")] = "csv"
    dry_run: bool = False
    same_numbers: Annotated[
        str, Field(pattern="^(refuse|call)$", description="What to do with a number that an earlier row has.")
    ] = "refuse"
    starts_at: Annotated[Moment | None, Field(description="No call of it rings before.")] = None
    ends_at: Annotated[
        Moment | None,
        Field(
            description="No attempt begins after it. Default: 7 days after its start; at most 14 days ahead."
        ),
    ] = None
    average_call_s: Annotated[
        int, Bounded(1, 86_400), Field(description="How long a call lasts, for the forecast.")
    ] = 60

    @field_validator("body")
    @classmethod
    def _templates(cls, value: dict[str, Any]) -> dict[str, Any]:
        return template_of("row", value)

    @model_validator(mode="after")
    def _rows_once(self) -> Self:
        if self.rows is not None and self.text is not None:
            raise ValueError("rows are in rows or in text, not in both")
        if self.starts_at and self.ends_at and moment_ms(self.starts_at) >= moment_ms(self.ends_at):
            raise ValueError("ends_at must be later than starts_at")
        return self

    def inline_upload(self) -> bytes | None:
        """Return the rows of the request as an upload, or None."""
        if self.rows is not None:
            return json_text(self.rows).encode()
        return None if self.text is None else self.text.encode()


class BatchQuery(InputModel):
    """Query parameters of `GET /api/v1/batches`."""

    model_config = ConfigDict(strict=False)
    messages: ClassVar[dict[str, str]] = {
        "cursor": MESSAGE,
    }

    limit: Annotated[int, Bounded(1, 100), Field(description="Entries in a page.")] = 25
    cursor: str | None = Field(default=None, description="The `next_cursor` of the previous page.")


class ResultQuery(BatchQuery):
    """Query parameters of `GET /api/v1/batches/{id}/results`."""

    messages: ClassVar[dict[str, str]] = BatchQuery.messages | {"only": "only must be called or refused"}

    only: str | None = Field(default=None, pattern="^(called|refused)$", description="`called` or `refused`.")
    phone_number: Annotated[
        str | None,
        Field(max_length=20, description="Also finds refused rows, by the digits that they show."),
    ] = None
    id: Annotated[str | None, Field(max_length=100, description="The row's own `id`.")] = None
    status: Annotated[str | None, Field(max_length=20, description="The `status` of the row.")] = None
    reason: Annotated[
        str | None,
        Field(max_length=50, description="The `reason` of the call's end, or a refused row's `error_type`."),
    ] = None

    def matches(self, row: BatchRowView) -> bool:
        """Tell whether the row passes the filter."""
        if self.only == "called" and row["call_id"] is None:
            return False
        return (
            (self.only != "refused" or row["status"] == "refused")
            and (self.phone_number is None or self._is_shown(row["phone_number"]))
            and (self.id is None or row["id"] == self.id)
            and (self.status is None or row["status"] == self.status)
            and (self.reason is None or self.reason in (row["reason"], row["error_type"]))
        )

    def _is_shown(self, shown: str | None) -> bool:
        """Tell whether a row shows the number: a call as it was dialled, a refused row by its last digits."""
        # An unescaped + of a query is a space.
        number = canonical_number("+" + (self.phone_number or "").strip().removeprefix("+"))
        return shown is not None and (shown == shown_value(number) or canonical_number(shown) == number)


class BatchUpload(TypedDict):
    """Where the rows are to be put: one PUT, up to 100 MB; 32 MB of JSON."""

    method: str
    url: str
    expires_at: str


class RefusalCounts(TypedDict):
    type: str
    rows: int


class ReasonCounts(TypedDict):
    reason: str
    calls: int


class BatchProgress(TypedDict):
    """`rows` were read, `accepted` became calls, `refused` did not, `waiting` are not looked at yet, `ended`
    calls are over: by the status they ended in, and why."""

    rows: int | None
    accepted: int
    refused: int
    waiting: int | None
    ended: int
    outcomes: dict[str, int]
    reasons: list[ReasonCounts]
    refusals: list[RefusalCounts]


class BatchForecast(TypedDict):
    """What would come of a dry run's rows: `calls` of them would be made, the last one beginning at
    `finish_at` (null: some calling window never opens)."""

    calls: int
    starts_at: str
    finish_at: str | None


class ExportView(TypedDict):
    """The results as CSV: `status` is none, preparing, ready or failed; `url` is good for an hour."""

    status: str
    exported_at: str | None
    url: str | None


class BatchView(TypedDict):
    """A batch. `eta`: when the last waiting call begins, at today's pace; null where none waits."""

    id: str
    version: int
    name: str
    kind: str
    body: dict[str, Any]
    format: str
    status: str
    paused: bool
    dry_run: bool
    same_numbers: str
    starts_at: str | None
    ends_at: str | None
    average_call_s: int
    refused_because: str | None
    upload: BatchUpload | None
    progress: BatchProgress
    forecast: BatchForecast | None
    eta: str | None
    livemode: bool
    created_at: str
    updated_at: str


class BatchSummary(TypedDict):
    """A batch in a list: `GET /batches/{id}` has the rest."""

    id: str
    name: str
    status: str
    paused: bool
    dry_run: bool
    rows: int | None
    livemode: bool
    created_at: str


class BatchList(TypedDict):
    data: list[BatchSummary]
    next_cursor: str | None


class BatchRowView(TypedDict):
    """What came of a row: `status` is its call's, `refused`, `waiting` while it is not looked at, `dropped`
    where the batch was cancelled before. `reason` says why its call ended, `error` why there is none, and
    `value` is what was refused, with masked numbers. `file_line` is the row's line in the file."""

    row: int
    file_line: int | None
    id: str | None
    status: str
    call_id: str | None
    phone_number: str | None
    reason: str | None
    attempts: int
    answered_at: str | None
    ended_at: str | None
    duration_s: int | None
    error_type: str | None
    error: str | None
    value: str | None


class BatchRowList(TypedDict):
    data: list[BatchRowView]
    next_cursor: str | None
