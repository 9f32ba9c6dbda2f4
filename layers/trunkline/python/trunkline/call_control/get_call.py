"""Queries of calls: one call, optionally waiting for a change, its events, its transcript, a page."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NotRequired, cast

from pydantic import ConfigDict, Field
from typing_extensions import TypedDict

from trunkline.auth.principal import Principal
from trunkline.call_control.call_query import CallQuery
from trunkline.call_control.list_calls import CallLister, CallPage, ListedPage, version_of
from trunkline.call_control.long_polls import LongPolls
from trunkline.call_control.patience import Patience
from trunkline.calls.access import parse_call_id, require_own
from trunkline.calls.events import NOTHING_SAID, TOOL_EVENT, CallEvent
from trunkline.calls.models import Call
from trunkline.calls.repository import CallRepository
from trunkline.calls.response_schemas import CallListItem, PolledCallView, TurnView
from trunkline.calls.responses import call_view, list_item, turn_view
from trunkline.calls.transcript_repository import TranscriptRepository
from trunkline.core.errors import NotFound
from trunkline.core.pagination import encode_cursor
from trunkline.core.timestamps import iso_from_ms
from trunkline.core.validation import InputModel
from trunkline.dial_queue.status import QueueStatusReader
from trunkline.http_api.response_size import fitting, page_of
from trunkline.storage.keys.calls import calls_sort_key

MAX_WAIT_S = 25
_LOOK_EVERY_S = 0.5
_CHEAP_ENTRIES = 200
"""Entries of the index that a look at a list may read every half second: about five read units."""


class WaitQuery(InputModel):
    """The query parameters of `GET /api/v1/calls/{id}`."""

    model_config = ConfigDict(strict=False)
    messages: ClassVar[dict[str, str]] = {
        "wait": f"wait must be a whole number of seconds from 0 to {MAX_WAIT_S}",
        "after": "after must be the last_event of an earlier answer",
    }

    wait: int = Field(
        default=0,
        ge=0,
        le=MAX_WAIT_S,
        description="Seconds to wait until the call changes or ends. The response comes at once, with "
        "`poll_after_s`, while too many requests wait.",
    )
    after: int | None = Field(
        None,
        ge=0,
        description="The `last_event` that you know; by default the current one.",
    )


class CallEventView(TypedDict):
    """One event of a call's timeline; `data` has details, for example the reason."""

    id: str
    sequence: int
    type: str
    at: str
    data: dict[str, Any]


class CallEventList(TypedDict):
    data: list[CallEventView]
    next_cursor: str | None


class CallList(TypedDict):
    """A page of calls; `version` differs when the calls of the page or their states do.

    `poll_after_s` is there if a wait was cut short because too many requests wait: ask again in so many
    seconds.
    """

    data: list[CallListItem]
    next_cursor: str | None
    version: str
    poll_after_s: NotRequired[int]


class TranscriptView(TypedDict):
    data: list[TurnView]
    next_cursor: str | None


@dataclass(frozen=True)
class CallReader:
    """Reads calls for a tenant; every method raises `NotFound` for a call that is not the principal's.

    `tool_payloads(call_id)` returns the stored requests and responses of its tools, by invocation id.
    """

    calls: CallRepository
    transcripts: TranscriptRepository
    lister: CallLister
    queue: QueueStatusReader
    long_polls: LongPolls
    tool_payloads: Callable[[str], dict[str, dict[str, Any]]] = lambda _: {}
    sleep: Callable[[float], None] = time.sleep

    def get(self, principal: Principal, call_id: str, query: WaitQuery | None = None) -> PolledCallView:
        """Return a call with its events, transcript and position in the queue.

        With `wait`, return when the call has changed or ended, or the time is over. A change is any event
        after number `after`; by default, any event after the request arrived. Where too many requests wait,
        return at once, with `poll_after_s`.
        """
        patience = self._patience(query.wait if query else 0)
        call, events = self._story(principal, call_id)
        poll_after_s = None
        if query and query.wait and not _has_changed(call, seen := _seen(call, query)):
            with self.long_polls.slot(principal.tenant_id, query.wait) as may_wait:
                if may_wait:
                    now = patience.look_until(
                        lambda found: _has_changed(found, seen),
                        call,
                        lambda: self._look_again(call.id),
                        lambda _: _LOOK_EVERY_S,
                    )
                    if now.sequence > seen:
                        call, events = self._story(principal, call_id)
                else:
                    poll_after_s = self.long_polls.poll_after_s()
        said = NOTHING_SAID if call.is_waiting else self.transcripts.read(call.id)
        view = cast("PolledCallView", call_view(call, events, self.queue.status(call), said))
        if poll_after_s is not None:
            view["poll_after_s"] = poll_after_s
        return view

    def events(self, principal: Principal, call_id: str, cursor: str | None = None) -> CallEventList:
        """Return a page of a call's timeline, in order, that fits into a response.

        What tools received and answered, 48 KB for each use, may be in it.
        """
        call, events = self._story(principal, call_id)
        bodies = self.tool_payloads(call.id) if any(event.type == TOOL_EVENT for event in events) else {}
        shown, more = page_of(
            events,
            lambda event: _event_view(call, event, bodies),
            lambda event: f"{event.sequence:09d}",
            cursor,
        )
        return {"data": shown, "next_cursor": more}

    def transcript(self, principal: Principal, call_id: str, cursor: str | None) -> TranscriptView:
        """Return a page of a call's transcript that fits into a response."""
        call = require_own(self.calls.load(parse_call_id(call_id)), principal)
        said = self.transcripts.read(call.id, cursor)
        return {"data": [turn_view(turn) for turn in said.turns], "next_cursor": said.next_cursor}

    def list_calls(self, principal: Principal, query: CallQuery) -> CallList:
        """Return a page of the tenant's calls that fits into a response, newest first.

        With `wait`, return when the page is no longer of the version `after`, or the time is over.
        """
        if query.filters_calls:
            page = self.lister.page(principal, query)
            return _list_view(page, _version(page))
        patience = self._patience(query.wait)
        found, poll_after_s = self.lister.find(principal, query), None
        if query.wait and found.version == query.after:
            with self.long_polls.slot(principal.tenant_id, query.wait) as may_wait:
                if may_wait:
                    found = patience.look_until(
                        lambda page: page.version != query.after,
                        found,
                        lambda: self.lister.find(principal, query),
                        _pause_s,
                    )
                else:
                    poll_after_s = self.long_polls.poll_after_s()
        view = _list_view(self.lister.load(found), found.version)
        if poll_after_s is not None:
            view["poll_after_s"] = poll_after_s
        return view

    def _story(self, principal: Principal, call_id: str) -> tuple[Call, list[CallEvent]]:
        found, events = self.calls.load_with_events(parse_call_id(call_id)) or (None, [])
        return require_own(found, principal), events

    def _look_again(self, call_id: str) -> Call:
        found = self.calls.load(call_id)
        if found is None:
            raise NotFound("Call not found")
        return found

    def _patience(self, wait_s: int) -> Patience:
        return Patience.of(wait_s, self.long_polls.clock, self.sleep)


def _list_view(page: CallPage, version: str) -> CallList:
    items = [list_item(call) for call in page.calls]
    shown = fitting(items)
    if len(shown) == len(items):
        return {"data": items, "next_cursor": page.next_cursor, "version": version}
    last = page.calls[len(shown) - 1]
    more = encode_cursor(calls_sort_key(last.created_at_ms, last.id))
    return {"data": list(shown), "next_cursor": more, "version": version}


def _pause_s(found: ListedPage) -> float:
    """The more entries a look reads, the rarer it is."""
    return _LOOK_EVERY_S * max(1, found.scanned // _CHEAP_ENTRIES)


def _version(page: CallPage) -> str:
    return version_of((calls_sort_key(call.created_at_ms, call.id), call.state) for call in page.calls)


def _seen(call: Call, query: WaitQuery) -> int:
    """Return the number of the last event that the client knows."""
    return call.sequence if query.after is None else query.after


def _has_changed(call: Call, seen: int) -> bool:
    return call.is_terminal or call.sequence > seen


def _event_view(call: Call, event: CallEvent, bodies: Mapping[str, dict[str, Any]]) -> CallEventView:
    kept = bodies.get(event.data.get("invocation_id", ""), {}) if event.type == TOOL_EVENT else {}
    return {
        "id": f"{call.id}-{event.sequence}",
        "sequence": event.sequence,
        "type": event.type,
        "at": iso_from_ms(event.at_ms),
        "data": event.data | kept,
    }
