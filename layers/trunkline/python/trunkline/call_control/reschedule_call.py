"""Rescheduling of a call before its time; once queued, a call no longer changes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

from pydantic import Field

from trunkline.auth.principal import Principal
from trunkline.call_control.phone_call_factory import (
    deadline_ms,
    earliest_ms,
    earliest_start_ms,
    first_open_ms,
    is_zone_unknown,
)
from trunkline.calls.access import parse_call_id, require_own
from trunkline.calls.calling_policy_schemas import EARLIEST_MESSAGE, LATEST_MESSAGE
from trunkline.calls.calling_window import CallingWindow
from trunkline.calls.models import Call, Change, NewEvent
from trunkline.calls.repository import CallRepository
from trunkline.calls.states import State
from trunkline.calls.value_objects import WaitsFor
from trunkline.core.clock import Clock
from trunkline.core.errors import CallEnded, CallNotScheduled, InvalidRequest
from trunkline.core.field_types import Moment, Zone
from trunkline.core.json_text import json_text
from trunkline.core.metadata import METADATA_MESSAGE, Metadata
from trunkline.core.timestamps import iso_from_ms
from trunkline.core.validation import InputModel
from trunkline.dial_queue.notifier import LaneNotifier
from trunkline.tenants.settings import TenantSettingsCache


class CallReschedule(InputModel):
    """The body of `PATCH /api/v1/calls/{id}`; omitted fields do not change.

    Without `latestAt` the deadline moves with `earliestAt`.
    """

    messages: ClassVar[dict[str, str]] = {
        "earliestAt": f"earliestAt {EARLIEST_MESSAGE}",
        "latestAt": f"latestAt {LATEST_MESSAGE}",
        "priority": "Priority must be an integer between 0 and 10",
        "metadata": METADATA_MESSAGE,
        "timezone": "timezone must be an IANA name, as Europe/Berlin",
    }

    earliestAt: Moment | None = None
    latestAt: Moment | None = None
    priority: Annotated[int | None, Field(ge=0, le=10)] = None
    metadata: Metadata | None = None
    timezone: Annotated[
        Zone | None, Field(description="Where the callee is: of the call's calling window.")
    ] = None


@dataclass(frozen=True)
class RescheduleCallService:
    """Changes calls that have not been queued."""

    calls: CallRepository
    settings: TenantSettingsCache
    notifier: LaneNotifier
    clock: Clock

    def change(self, principal: Principal, call_id: str, request: CallReschedule) -> None:
        """Change a call whose time has not come.

        Raises:
            NotFound: no such call, or not the principal's.
            CallNotScheduled, CallEnded: it is already queued, or has ended.
            InvalidRequest: the times do not fit each other, or the call's window.
        """
        before = require_own(self.calls.load(parse_call_id(call_id)), principal)
        now_ms = self.clock.wall_ms()
        after = self.calls.update(before.id, lambda call: self._changed(call, request, now_ms), now_ms)
        if after is None:
            return
        if after.ttl and after.ttl > (before.ttl or 0):
            # Items that were written with the earlier TTL would expire before the call ends.
            self.calls.set_expiry(after.id, after.ttl)
        self.notifier.notify_change(before, after)
        if before.due_ms and after.due_ms is None:
            self.notifier.wake(after.trunk_id)

    def _changed(self, call: Call, wish: CallReschedule, now_ms: int) -> Change | None:
        if call.is_terminal:
            raise CallEnded
        is_held = call.waits_for is WaitsFor.ZONE
        if call.state is not State.SCHEDULED and not (is_held and wish.timezone and not wish.earliestAt):
            raise CallNotScheduled
        after = rescheduled(call, wish, now_ms)
        after = replace(after, ttl=self.settings.get(call.tenant_id).ttl(after.latest_end_ms))
        if after == call:
            return None
        told = {"until": iso_from_ms(after.due_ms)} if after.due_ms else {}
        return Change(after, (NewEvent("rescheduled", told),))


def rescheduled(call: Call, wish: CallReschedule, now_ms: int) -> Call:
    """Return the call with its new times, priority and metadata. Pure.

    Raises:
        InvalidRequest: the times do not fit each other, or the call's window.
    """
    window = _window(call, wish)
    before_ms = call.earliest_at_ms or now_ms
    begins_ms = earliest_ms(wish.earliestAt, "earliestAt", now_ms) if wish.earliestAt else before_ms
    is_held = is_zone_unknown(window)
    opens_ms = None if is_held else first_open_ms(window, max(now_ms, begins_ms), "earliestAt")
    expires_ms = call.expires_at_ms + begins_ms - before_ms
    if wish.latestAt:
        expires_ms = deadline_ms(wish.latestAt, "latestAt", opens_ms, begins_ms, now_ms)
    elif opens_ms and opens_ms >= expires_ms:
        raise InvalidRequest("The calling window opens only after the deadline", field="earliestAt")
    due_ms = earliest_start_ms(expires_ms) if is_held else max(now_ms, begins_ms, opens_ms or 0)
    waits = call.state is State.SCHEDULED or due_ms > now_ms
    return replace(
        call,
        window=window,
        earliest_at_ms=begins_ms if call.earliest_at_ms else None,
        due_ms=due_ms if waits else None,
        waits_for=_waits_for(call, is_held=is_held, waits=waits),
        expires_at_ms=expires_ms,
        priority=call.priority if wish.priority is None else wish.priority,
        metadata_json=call.metadata_json if wish.metadata is None else json_text(wish.metadata),
    )


def _window(call: Call, wish: CallReschedule) -> CallingWindow | None:
    if wish.timezone is None:
        return call.window
    if call.window is None:
        raise InvalidRequest("The call has no calling window", field="timezone")
    return replace(call.window, zones=(wish.timezone,))


def _waits_for(call: Call, *, is_held: bool, waits: bool) -> WaitsFor | None:
    if is_held:
        return WaitsFor.ZONE
    if call.state is State.SCHEDULED:
        return WaitsFor.SCHEDULE
    return WaitsFor.WINDOW if waits else None
