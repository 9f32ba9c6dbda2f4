"""What `GET /api/v1/calls` can be asked for: filters by index, filters by the call itself, waiting. Pure."""

from __future__ import annotations

import json
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field, field_validator, model_validator

from trunkline.calls.models import Call
from trunkline.calls.reasons import Reason
from trunkline.calls.states import TERMINAL, State
from trunkline.core.field_types import Moment
from trunkline.core.pagination import MESSAGE, decode_cursor
from trunkline.core.timestamps import moment_ms
from trunkline.core.validation import E164, UUID, Bounded, InputModel
from trunkline.storage.keys.calls import calls_sort_key
from trunkline.storage.keys.item import Item

INDEX_FILTERS = {"status": "state", "workflow_slug": "workflow_slug", "agent_id": "agent_id"}
"""Filters of `GET /api/v1/calls`: the query parameter, and the attribute of the index that it is compared to.

A filter needs a field of `CallQuery`, a line here, and its attribute in the projection of the indexes.
"""

CALL_FILTERS = ("failure_reason", "trunk_id", "metadata")
"""Filters for which the calls themselves are read; at most `list_calls.MAX_CALLS_READ` in one request."""

MAX_LIST_WAIT_S = 25
_UNHAPPY = TERMINAL - {State.COMPLETED}
_LAST = "~"


class CallQuery(InputModel):
    """Query parameters of `GET /api/v1/calls`; times are ISO 8601 with their offset."""

    model_config = ConfigDict(strict=False)
    messages: ClassVar[dict[str, str]] = {
        "status": f"status must be one of {', '.join(State)}",
        "agent_id": "agent_id must be a UUID",
        "phone_number": "phone_number must be in E.164 format; write + as %2B",
        "failure_reason": "failure_reason must be a reason of docs/statuses.md",
        "metadata": "metadata must be a name and its value, as in order=4711",
        "created_after": "created_after must be an ISO 8601 time with its offset",
        "created_before": "created_before must be an ISO 8601 time with its offset",
        "wait": f"wait must be a whole number of seconds from 0 to {MAX_LIST_WAIT_S}",
        "after": "after must be the version of an earlier answer",
        "cursor": MESSAGE,
    }

    status: State | None = Field(default=None, description="A status of `docs/statuses.md`.")
    workflow_slug: str | None = Field(default=None, max_length=64, description="Calls of this workflow.")
    agent_id: str | None = Field(default=None, pattern=UUID, description="Calls created with this agent.")
    user_id: str | None = Field(default=None, max_length=200, description="Calls of this user.")
    phone_number: str | None = Field(
        default=None,
        pattern=E164,
        description="Calls of this number, created since the release that brought this filter.",
    )
    failure_reason: Reason | None = Field(default=None, description="Calls that did not complete for this.")
    trunk_id: str | None = Field(default=None, max_length=64, description="Calls of this trunk.")
    metadata: str | None = Field(
        default=None,
        max_length=600,
        pattern="^[^=]+=",
        description="Calls with this name and value at the top of their metadata: `order=4711`.",
    )
    created_after: Moment | None = Field(default=None, description="ISO 8601 with its offset, inclusive.")
    created_before: Moment | None = Field(default=None, description="ISO 8601 with its offset, exclusive.")
    limit: Annotated[int, Bounded(1, 100), Field(description="Calls in a page.")] = 25
    cursor: str | None = Field(default=None, description="The `next_cursor` of the previous page.")
    wait: int = Field(
        default=0,
        ge=0,
        le=MAX_LIST_WAIT_S,
        description="Seconds to wait until the page differs from `after`. The response comes at once, with "
        "`poll_after_s`, while too many requests wait.",
    )
    after: str | None = Field(
        default=None, pattern="^[0-9a-f]{16}$", description="The `version` that you know."
    )

    @field_validator("agent_id")
    @classmethod
    def _lower_case(cls, value: str | None) -> str | None:
        return value and value.lower()

    @model_validator(mode="after")
    def _wait_is_cheap(self) -> CallQuery:
        if self.wait and self.filters_calls:
            raise ValueError(f"wait cannot be combined with {', '.join(CALL_FILTERS)}")
        return self

    @property
    def filters_calls(self) -> bool:
        """Tell whether the calls themselves must be read to filter them."""
        return any(getattr(self, name) is not None for name in CALL_FILTERS)

    @property
    def filters_entries(self) -> bool:
        """Tell whether entries of the index may have to be left out."""
        named = (*INDEX_FILTERS, "user_id", *CALL_FILTERS)
        return any(getattr(self, name) is not None for name in named)

    def matches(self, listed: Item) -> bool:
        """Tell whether an entry of the index passes the filters."""
        if self.failure_reason and State(listed["state"]) not in _UNHAPPY:
            return False
        filters = {attribute: getattr(self, name) for name, attribute in INDEX_FILTERS.items()}
        return all(value is None or listed.get(name) == value for name, value in filters.items())

    def matches_call(self, call: Call) -> bool:
        """Tell whether a call passes the filters that its entry in the index says nothing of."""
        if self.failure_reason and (call.reason is not self.failure_reason or call.state not in _UNHAPPY):
            return False
        if self.trunk_id is not None and call.trunk_id != self.trunk_id:
            return False
        return self.metadata is None or _has_metadata(call, self.metadata)

    def sort_key_range(self) -> tuple[str, str]:
        """Return the first and last sort key of the requested page."""
        first = calls_sort_key(moment_ms(self.created_after)) if self.created_after else "0"
        last = calls_sort_key(moment_ms(self.created_before)) if self.created_before else _LAST
        if self.cursor:
            last = min(last, decode_cursor(self.cursor, r"[0-9]{15}#[0-9a-f-]{36}"))
        return first, max(first, last)


def _has_metadata(call: Call, wanted: str) -> bool:
    """Compare a value as it is written: `4711` finds the number and the text."""
    name, _, value = wanted.partition("=")
    metadata = json.loads(call.metadata_json)
    if name not in metadata:
        return False
    found = metadata[name]
    return value == (found if isinstance(found, str) else json.dumps(found, ensure_ascii=False))
