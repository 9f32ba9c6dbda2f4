"""Listing of a tenant's calls, newest first, in pages."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from trunkline.auth.principal import Principal
from trunkline.call_control.call_query import CallQuery
from trunkline.calls.attributes import call_from_attributes
from trunkline.calls.models import Call
from trunkline.calls.states import TERMINAL, State
from trunkline.core.item_guard import ItemGuard
from trunkline.core.pagination import encode_cursor
from trunkline.core.phone_numbers import canonical_number
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
MAX_CALLS_READ = 500
"""Calls that one request reads for filters that the index knows nothing of."""

_CALLS_AT_ONCE = 50
_OPEN_FOR_MS = 16 * 24 * 3_600_000
"""No call is open for longer: it expires within 14 days and lasts at most one."""

_MAX_OPEN_SCANNED = 20_000


@dataclass(frozen=True)
class CallPage:
    """Calls, newest first; `next_cursor` is None at the end."""

    calls: list[Call]
    next_cursor: str | None


@dataclass(frozen=True)
class ListedPage:
    """A page as the index has it; `scanned` is the number of entries that were read for it.

    `version` changes when calls are added to the page or removed, or their states change.
    """

    entries: list[Item]
    next_cursor: str | None
    scanned: int

    @property
    def version(self) -> str:
        return version_of((entry[CALLS_SK], entry["state"]) for entry in self.entries)


def version_of(calls: Iterable[tuple[str, str]]) -> str:
    """Return the version of a page, of its calls' sort keys and states."""
    text = "\n".join(f"{sort_key}={state}" for sort_key, state in calls)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class _Scan:
    """Yields the entries that pass the filters, of a bounded number of entries."""

    def __init__(self, listed: Iterator[Item], wants: Callable[[Item], bool]) -> None:
        self._listed = listed
        self._wants = wants
        self.scanned = 0
        self.last_seen = ""
        self.is_cut = False

    def __iter__(self) -> Iterator[Item]:
        for entry in self._listed:
            if self.scanned == _MAX_SCANNED:
                self.is_cut = True
                return
            self.scanned, self.last_seen = self.scanned + 1, entry[CALLS_SK]
            if self._wants(entry):
                yield entry


@dataclass(frozen=True)
class CallLister:
    """Lists a tenant's calls by an eventually consistent index; the calls are read from the table."""

    table: Table
    guard: ItemGuard

    def page(self, principal: Principal, query: CallQuery) -> CallPage:
        """Return a page of calls.

        If few calls pass the filters, the page is short and has a cursor to continue.
        """
        if query.filters_calls:
            return self._page_by_calls(principal, query)
        return self.load(self.find(principal, query))

    def find(self, principal: Principal, query: CallQuery) -> ListedPage:
        """Find a page in the index, without its calls."""
        scan, found = self._scan(principal, query), list[Item]()
        last = ""
        for entry in scan:
            if len(found) == query.limit:
                return ListedPage(found, encode_cursor(last), scan.scanned)
            found.append(entry)
            last = scan.last_seen
        return ListedPage(found, encode_cursor(scan.last_seen) if scan.is_cut else None, scan.scanned)

    def load(self, listed: ListedPage) -> CallPage:
        """Read the calls of a page."""
        return CallPage(self._load(listed.entries), listed.next_cursor)

    def _page_by_calls(self, principal: Principal, query: CallQuery) -> CallPage:
        scan = self._scan(principal, query)
        entries, found, read = iter(scan), list[Call](), 0
        while read < MAX_CALLS_READ and (chunk := list(islice(entries, _CALLS_AT_ONCE))):
            read += len(chunk)
            for call in self._load(chunk):
                if not query.matches_call(call):
                    continue
                found.append(call)
                if len(found) == query.limit:
                    return CallPage(found, encode_cursor(calls_sort_key(call.created_at_ms, call.id)))
        is_cut = scan.is_cut or read >= MAX_CALLS_READ
        return CallPage(found, encode_cursor(scan.last_seen) if is_cut else None)

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

    def _scan(self, principal: Principal, query: CallQuery) -> _Scan:
        user = None
        if query.user_id is not None:
            user = user_partition(principal.tenant_id, query.user_id, livemode=principal.livemode)

        def wants(entry: Item) -> bool:
            return query.matches(entry) and user in (None, entry.get(USER_PK))

        return _Scan(self._listed(principal, query), wants)

    def _listed(self, principal: Principal, query: CallQuery) -> Iterator[Item]:
        tenant_id, livemode = principal.tenant_id, principal.livemode
        index, partition = CALLS_INDEX, (CALLS_PK, calls_partition(tenant_id, livemode=livemode))
        if query.user_id is not None:
            user = user_partition(tenant_id, query.user_id, livemode=livemode)
            index, partition = USER_INDEX, (USER_PK, user)
        if query.phone_number is not None:
            number = canonical_number(query.phone_number)
            index, partition = (
                NUMBER_INDEX,
                (NUMBER_PK, number_partition(tenant_id, number, livemode=livemode)),
            )
        first, last = query.sort_key_range()
        size = _PAGE if query.filters_entries else query.limit + 2
        for page in self.table.newest(index, partition, (CALLS_SK, first, last), size):
            yield from (listed for listed in page if listed[CALLS_SK] != last)

    def _load(self, listed: list[Item]) -> list[Call]:
        keys = [ItemKey(each[PK], each[SK]) for each in listed]
        return self.guard.readable("call", self.table.get_all(keys), call_from_attributes) if keys else []


def _is_open(listed: Item, workflow_slug: str) -> bool:
    return listed.get("workflow_slug") == workflow_slug and State(listed["state"]) not in TERMINAL
