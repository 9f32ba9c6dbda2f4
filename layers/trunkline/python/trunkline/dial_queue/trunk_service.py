"""Trunk service: shows a tenant its trunks and changes those that it alone uses."""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from typing import Any, ClassVar

from typing_extensions import TypedDict

from trunkline.auth.audit_log import audit_write
from trunkline.auth.principal import Principal
from trunkline.calls.repository import CallRepository
from trunkline.core.clock import Clock
from trunkline.core.errors import InvalidRequest, NotFound, TrunkShared
from trunkline.core.timestamps import iso_from_ms
from trunkline.core.validation import InputModel
from trunkline.dial_queue.lease import LaneLeaseRepository, LaneStatus
from trunkline.dial_queue.notifier import LaneNotifier
from trunkline.dial_queue.status import QueueStatusReader
from trunkline.trunks.blocked_callers import BlockedCallers
from trunkline.trunks.models import TrunkState, is_test_trunk
from trunkline.trunks.repository import TrunkEvent, TrunkRepository
from trunkline.trunks.schemas import CPS_MESSAGE, Concurrent, Cps
from trunkline.trunks.test_trunk import TestTrunks


class TrunkChange(InputModel):
    """The body of `PATCH /api/v1/trunks/{id}`; null removes your limit."""

    messages: ClassVar[dict[str, str]] = {
        "cps": CPS_MESSAGE,
        "paused": "paused must be true or false",
        "max_concurrent_calls": "max_concurrent_calls must be a whole number of at least 1",
    }

    paused: bool = False
    cps: Cps | None = None
    max_concurrent_calls: Concurrent | None = None


class TrunkSummary(TypedDict):
    """A trunk; counts are the tenant's own calls. `pace` is what is dialled now, of at most `cps`."""

    id: str
    name: str
    numbers: list[str]
    state: str
    paused_reason: str | None
    paused_until: str | None
    cps: float
    cps_budget: float
    pace: float
    slowed_by: str | None
    waiting: int
    in_progress: int
    max_concurrent_calls: int | None
    tenant_max_concurrent_calls: int | None
    direct_share: float
    shared: bool


class TrunkEventView(TypedDict):
    type: str
    reason: str
    at: str


class BlockedCallerView(TypedDict):
    """A caller number, and your calls from it that the carrier blocked in the last seven days."""

    caller_id: str
    blocked_calls: int
    last_blocked_at: str


class TrunkView(TrunkSummary):
    """One trunk, with its last events, newest first, and its blocked caller numbers, most blocked first."""

    events: list[TrunkEventView]
    blocked_callers: list[BlockedCallerView]


class TrunkList(TypedDict):
    data: list[TrunkSummary]
    next_cursor: str | None


@dataclass(frozen=True)
class TrunkService:
    """Lists, shows and changes trunks on a tenant's behalf."""

    trunks: TrunkRepository
    test_trunks: TestTrunks
    lanes: LaneLeaseRepository
    calls: CallRepository
    queue: QueueStatusReader
    notifier: LaneNotifier
    clock: Clock
    blocked_callers: BlockedCallers

    def list(self, principal: Principal) -> TrunkList:
        """List the tenant's trunks in the key's mode."""
        shown = [self.summary(principal, state) for state in self.granted(principal)]
        return {"data": shown, "next_cursor": None}

    def granted(self, principal: Principal) -> builtins.list[TrunkState]:
        """Read the states of the tenant's trunks in the key's mode."""
        if not principal.livemode:
            self.test_trunks.get_or_create(principal.tenant_id)
        granted = self.trunks.granted_ids(principal.tenant_id)
        of_the_mode = [each for each in granted if is_test_trunk(each) is not principal.livemode]
        return [state for trunk_id in of_the_mode if (state := self.trunks.state(trunk_id))]

    def get(self, principal: Principal, trunk_id: str) -> TrunkView:
        """Show one trunk with its last events and its blocked caller numbers.

        Raises:
            NotFound: the trunk does not exist or is not the tenant's.
        """
        state = self.require_granted(principal, trunk_id)
        events: list[TrunkEventView] = [
            {"type": event.type, "reason": event.reason, "at": iso_from_ms(event.at_ms)}
            for event in self.trunks.events(trunk_id)
        ]
        blocked: list[BlockedCallerView] = [
            {
                "caller_id": caller.caller_id,
                "blocked_calls": caller.blocked_calls,
                "last_blocked_at": iso_from_ms(caller.last_blocked_at_ms),
            }
            for caller in self.blocked_callers.recent(trunk_id, principal.tenant_id)
        ]
        return {**self.summary(principal, state), "events": events, "blocked_callers": blocked}

    def change(self, principal: Principal, trunk_id: str, change: TrunkChange) -> TrunkView:
        """Pause, resume or limit a trunk; running lanes apply it within half a second.

        A resume also closes the circuit breaker, which counts as a change of `paused`.

        Raises:
            NotFound: the trunk does not exist or is not the tenant's.
            TrunkShared: other tenants use it as well.
            InvalidRequest: the change is empty, or a limit is above the operator's.
        """
        state = self.require_granted(principal, trunk_id)
        if len(state.tenants) > 1:
            raise TrunkShared
        _require_within(change, state)
        values = {name: getattr(change, name) for name in change.model_fields_set}
        event = None
        resumes = "paused" in values and not change.paused
        if "paused" in values and (change.paused != state.settings.paused or (resumes and state.breaker)):
            kind = "trunk.paused" if change.paused else "trunk.resumed"
            event = TrunkEvent(kind, f"{kind.removeprefix('trunk.')}_by_request", self.clock.wall_ms())
        changed = {name for name, value in values.items() if getattr(state.settings, name) != value}
        changed |= {"paused"} if event else set()
        audit = audit_write(principal, self.clock.wall_ms(), "trunk.changed", trunk_id, changed)
        self.trunks.set(trunk_id, values, event, [audit] if changed else [], resumes=resumes)
        self.notifier.wake(trunk_id)
        return self.get(principal, trunk_id)

    def require_granted(self, principal: Principal, trunk_id: str) -> TrunkState:
        """Read the state of one of the tenant's trunks; raises `NotFound` as `get` does."""
        state = self.trunks.state(trunk_id)
        if state is None or principal.tenant_id not in state.tenants:
            raise NotFound("Trunk not found")
        if state.declared.test is principal.livemode:
            raise NotFound("Trunk not found")
        return state

    def summary(
        self, principal: Principal, state: TrunkState, lane: LaneStatus | None = None
    ) -> TrunkSummary:
        """Show a trunk with its counts; `lane` is its status, where that was read already."""
        trunk, tenant_id, now_ms = state.trunk, principal.tenant_id, self.clock.wall_ms()
        paused = state.paused_because(now_ms)
        lane = lane or self.lanes.status(trunk.id)
        breaker = state.breaker if state.breaker and paused == state.breaker.reason else None
        return {
            "id": trunk.id,
            "name": trunk.name,
            "numbers": list(trunk.numbers),
            "state": "paused" if paused else "dialing" if lane.held else "idle",
            "paused_reason": paused,
            "paused_until": iso_from_ms(breaker.open_until_ms) if breaker else None,
            "cps": trunk.cps,
            "cps_budget": state.declared.cps,
            "pace": 0 if paused else round(trunk.cps * lane.pace_factor, 3),
            "slowed_by": lane.slowed_by,
            "waiting": self.queue.waiting(trunk.id, tenant_id),
            "in_progress": self.calls.count_in_progress(trunk.id, tenant_id),
            "max_concurrent_calls": trunk.max_concurrent_calls,
            "tenant_max_concurrent_calls": state.tenants[tenant_id],
            "direct_share": trunk.direct_share,
            "shared": len(state.tenants) > 1,
        }


def _require_within(change: TrunkChange, state: TrunkState) -> None:
    if not change.model_fields_set:
        raise InvalidRequest("Validation error: name at least one of paused, cps, max_concurrent_calls")
    bounds: dict[str, Any] = {
        "cps": (change.cps, state.declared.cps),
        "max_concurrent_calls": (change.max_concurrent_calls, state.declared.max_concurrent_calls),
    }
    for name, (wanted, maximum) in bounds.items():
        if wanted is not None and maximum is not None and wanted > maximum:
            raise InvalidRequest(
                f"Validation error: {name} must not exceed the trunk's own {maximum:g}", field=name
            )
