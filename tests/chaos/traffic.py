"""Carries out a plan's requests as tenants, and notes what the API answered."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx

from tests.chaos.plan import Action, ActionKind
from tests.chaos.tenants import World
from tests.faults.history import ENDED
from tests.support.polling import poll
from tests.support.scheduled_calls import in_seconds, post_scheduled_call
from tests.support.tenant import Tenant
from tests.support.workflows import post_workflow_call

BUSY = "+15550100002"
_WARM_WITHIN_S = 300
_EXPIRES_AFTER_S = 180
"""Calls that wait longer end by themselves, also those of a tenant whose LiveKit never answers."""

_BATCH_ROWS = 4
_SCHEDULED_AFTER_S = 8.0


@dataclass
class Ledger:
    """What the API answered. `cancelled_at_s` has the calls of which it said that they are cancelled."""

    accepted: dict[str, str] = field(default_factory=dict)
    batches: dict[str, str] = field(default_factory=dict)
    cancelled_at_s: dict[str, float] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)
    wrong_responses: list[str] = field(default_factory=list)


class Traffic:
    """The requests of all tenants; `act` may be called from many threads."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._timers: list[threading.Timer] = []
        self.ledger = Ledger()

    def warm_up(self) -> None:
        """Place a call of each healthy tenant and wait for its end: faults meet a stack that works."""
        for name, tenant in self._world.healthy().items():
            call_id = tenant.placed(BUSY)
            self.ledger.accepted[call_id] = name
            poll(partial(tenant.call, call_id), _has_ended, _WARM_WITHIN_S)

    def act(self, action: Action) -> None:
        """Send a request; a failing API is a fault's work, an undocumented answer is noted."""
        tenant = self._world.tenants[action.tenant]
        try:
            answer = self._send(tenant, action)
        except httpx.HTTPError as error:
            self.ledger.answers[f"{action.kind} {type(error).__name__}"] += 1
            return
        except AssertionError as error:
            self.ledger.wrong_responses.append(f"{action.kind}: {error}")
            return
        self.ledger.answers[f"{action.kind} {answer.status_code}"] += 1
        if answer.status_code == httpx.codes.CREATED:
            self._note(tenant, action, answer)

    def _send(self, tenant: Tenant, action: Action) -> httpx.Response:
        canaries, expires_at = self._world.canaries, in_seconds(_EXPIRES_AFTER_S)
        if action.kind is ActionKind.WORKFLOW:
            # Not `user_name`: the agent says it, so that it stands in the transcript, where it may.
            secret = {"auth_token": canaries["token"], "pin": canaries["pin"], "customer": canaries["name"]}
            return post_workflow_call(
                tenant, "flow", user_context=secret | {"phone": action.number}, expires_at=expires_at
            )
        if action.kind is ActionKind.SCHEDULED:
            return post_scheduled_call(
                tenant,
                _SCHEDULED_AFTER_S,
                phoneNumber=action.number,
                priority=action.priority,
                latestAt=expires_at,
            )
        if action.kind is ActionKind.BATCH:
            rows = [{"phone": action.number, "id": f"r{number}"} for number in range(_BATCH_ROWS)]
            body = {"agentId": tenant.agent.id, "phoneNumber": "{{row.phone}}", "expiresAt": expires_at}
            wish = {"name": "chaos", "body": body, "rows": rows, "same_numbers": "call"}
            return tenant.api.post("/api/v1/batches", json=wish)
        return tenant.place(action.number, priority=action.priority, expiresAt=expires_at)

    def _note(self, tenant: Tenant, action: Action, answer: httpx.Response) -> None:
        body = answer.json()
        if action.kind is ActionKind.BATCH:
            self.ledger.batches[body["id"]] = action.tenant
            return
        call_id = body["call_id"] if action.kind is ActionKind.WORKFLOW else body["data"]["id"]
        self.ledger.accepted[call_id] = action.tenant
        if action.cancel_after_s is not None:
            timer = threading.Timer(action.cancel_after_s, self._cancel, (tenant, call_id))
            timer.daemon = True
            self._timers.append(timer)
            timer.start()

    def _cancel(self, tenant: Tenant, call_id: str) -> None:
        try:
            answer = tenant.api.post(f"/api/v1/calls/{call_id}/cancel")
        except httpx.HTTPError as error:
            self.ledger.answers[f"cancel {type(error).__name__}"] += 1
            return
        except AssertionError as error:
            self.ledger.wrong_responses.append(f"cancel: {error}")
            return
        self.ledger.answers[f"cancel {answer.status_code}"] += 1
        if answer.is_success and answer.json()["data"]["status"] == "cancelled":
            self.ledger.cancelled_at_s[call_id] = time.monotonic()

    def finish(self) -> None:
        """Wait for the cancels that are still to come."""
        for timer in self._timers:
            timer.join()


def _has_ended(call: dict[str, Any]) -> bool:
    return call["data"]["status"] in ENDED
