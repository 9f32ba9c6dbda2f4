"""Listing of a tenant's calls, newest first, in pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field, field_validator

from trunkline.auth.principal import Principal
from trunkline.calls.attributes import call_from_attributes
from trunkline.calls.models import Call
from trunkline.calls.states import TERMINAL, State
from trunkline.core.field_types import Moment
from trunkline.core.item_guard import ItemGuard
from trunkline.core.pagination import MESSAGE, decode_cursor, encode_cursor
from trunkline.core.phone_numbers import canonical_number
from trunkline.core.timestamps import moment_ms
from trunkline.core.validation import E164, UUID, Bounded, InputModel
from trunkline.storage.keys.calls import calls_partition, calls_sort_key, number_partition, user_partition
from trunkline.storage.keys.item import (
    CALLS_INDEX,
    CALLS_PK,
    CALLS_SK,
    NUMBER_INDEX,
    NUMBER_PK,
    PK,
    SK,
    USER_INDEX,
    USER_PK,
    Item,
    ItemKey,
)
from trunkline.storage.table import Table

_LAST = "~"
_PAGE = 200
_MAX_SCANNED = 5_000
_OPEN_FOR_MS = 16 * 24 * 3_600_000
"""No call is open for longer: it expires within 14 days and lasts at most one."""

_MAX_OPEN_SCANNED = 20_000


INDEX_FILTERS = {"status": "state", "workflow_slug": "workflow_slug", "agent_id": "agent_id"}
"""Filters of `GET /api/v1/calls`: the query parameter, and the attribute of the index that it is compared to.

A filter needs a field of `CallQuery`, a line here, and its attribute in the projection of the indexes.
"""


class CallQuery(InputModel):
    """Query parameters of `GET /api/v1/calls`; times are ISO 8601 with their offset."""

    model_config = ConfigDict(strict=False)
    messages: ClassVar[dict[str, str]] = {
        "status": f"status must be one of {', '.join(State)}",
        "agent_id": "agent_id must be a UUID",
        "phone_number": "phone_number must be in E.164 format; write + as %2B",
        "created_after": "created_after must be an ISO 8601 time with its offset",
        "created_before": "created_before must be an ISO 8601 time with its offset",
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
    created_after: Moment | None = Field(default=None, description="ISO 8601 with its offset, inclusive.")
    created_before: Moment | None = Field(default=None, description="ISO 8601 with its offset, exclusive.")
    limit: Annotated[int, Bounded(1, 100), Field(description="Calls in a page.")] = 25
    cursor: str | None = Field(default=None, description="The `next_cursor` of the previous page.")

    def matches(self, listed: Item) -> bool:
        """Tell whether an entry of the index passes the filters."""
        filters = {attribute: getattr(self, name) for name, attribute in INDEX_FILTERS.items()}
        return all(value is None or listed.get(name) == value for name, value in filters.items())

    @field_validator("agent_id")
    @classmethod
    def _lower_case(cls, value: str | None) -> str | None:
        return value and value.lower()

    def sort_key_range(self) -> tuple[str, str]:
        """Return the first and last sort key of the requested page."""
        first = calls_sort_key(moment_ms(self.created_after)) if self.created_after else "0"
        last = calls_sort_key(moment_ms(self.created_before)) if self.created_before else _LAST
        if self.cursor:
            last = min(last, decode_cursor(self.cursor, r"[0-9]{15}#[0-9a-f-]{36}"))
        return first, max(first, last)


@dataclass(frozen=True)
class CallPage:
    """Calls, newest first; `next_cursor` is None at the end."""

    calls: list[Call]
    next_cursor: str | None


@dataclass(frozen=True)
class CallLister:
    """Lists a tenant's calls by an eventually consistent index; the calls are read from the table."""

    table: Table
    guard: ItemGuard

    def page(self, principal: Principal, query: CallQuery) -> CallPage:
        """Return a page of calls.

        If few calls pass the filters, the page is short and has a cursor to continue.
        """
        found: list[Item] = []
        last_seen, scanned = None, 0
        for listed in self._listed(principal, query):
            if len(found) == query.limit or scanned == _MAX_SCANNED:
                return CallPage(self._load(found), encode_cursor(str(last_seen)))
            last_seen, scanned = listed[CALLS_SK], scanned + 1
            if query.matches(listed) and self._is_of_user(principal, query, listed):
                found.append(listed)
        return CallPage(self._load(found), None)

    def has_open(self, principal: Principal, workflow_slug: str, now_ms: int) -> bool:
        """Tell whether calls of a workflow have not ended; a live workflow also has test calls."""
        scanned = 0
        for livemode in {principal.livemode, False}:
            partition = (CALLS_PK, calls_partition(principal.tenant_id, livemode=livemode))
            places = (CALLS_SK, calls_sort_key(now_ms - _OPEN_FOR_MS), _LAST)
            for page in self.table.newest(CALLS_INDEX, partition, places, _PAGE):
                if any(_is_open(listed, workflow_slug) for listed in page):
                    return True
                scanned += len(page)
                if scanned >= _MAX_OPEN_SCANNED:
                    # Calls keep their version of the workflow, so deleting it harms none of them.
                    return False
        return False

    def _listed(self, principal: Principal, query: CallQuery) -> Iterator[Item]:
        tenant_id, livemode = principal.tenant_id, principal.livemode
        index, partition = CALLS_INDEX, (CALLS_PK, calls_partition(tenant_id, livemode=livemode))
        if query.user_id is not None:
            index = USER_INDEX
            partition = (USER_PK, user_partition(tenant_id, query.user_id, livemode=livemode))
        if query.phone_number is not None:
            number = canonical_number(query.phone_number)
            index, partition = (
                NUMBER_INDEX,
                (NUMBER_PK, number_partition(tenant_id, number, livemode=livemode)),
            )
        first, last = query.sort_key_range()
        for page in self.table.newest(index, partition, (CALLS_SK, first, last), _PAGE):
            yield from (listed for listed in page if listed[CALLS_SK] != last)

    @staticmethod
    def _is_of_user(principal: Principal, query: CallQuery, listed: Item) -> bool:
        """Tell whether an entry passes the filter by user, which is an index of its own without a number."""
        if query.user_id is None:
            return True
        return listed.get(USER_PK) == user_partition(
            principal.tenant_id, query.user_id, livemode=principal.livemode
        )

    def _load(self, listed: list[Item]) -> list[Call]:
        keys = [ItemKey(each[PK], each[SK]) for each in listed]
        return self.guard.readable("call", self.table.get_all(keys), call_from_attributes) if keys else []


def _is_open(listed: Item, workflow_slug: str) -> bool:
    return listed.get("workflow_slug") == workflow_slug and State(listed["state"]) not in TERMINAL
