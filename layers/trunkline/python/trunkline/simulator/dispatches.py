"""Simulated agent dispatches of test calls, in LiveKit's form, stored beside the call."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from trunkline.calls.models import Call
from trunkline.core.clock import Clock
from trunkline.core.errors import NotFound
from trunkline.core.json_text import json_text
from trunkline.livekit.dispatch_schemas import DispatchView, JobView, NewDispatch
from trunkline.livekit.rooms import CallAttemptRef
from trunkline.simulator.ids import job_id_of, new_id
from trunkline.storage.keys.calls import simulated_dispatch_key
from trunkline.storage.keys.item import TTL
from trunkline.storage.table import EXISTS, ConditionFailed, Delete, Put, Table


@dataclass(frozen=True)
class SimulatedDispatches:
    """Lists, creates and deletes the dispatches of test calls."""

    table: Table
    clock: Clock

    def find(self, call: Call, dispatch_id: str | None) -> list[DispatchView]:
        """List the call's own dispatch, once it exists, and those added; or only the one of that id."""
        items = self.table.partition(simulated_dispatch_key(call.id))
        added: list[DispatchView] = [json.loads(item["view_json"]) for item in items]
        own = [_own(call)] if call.dispatch_id or call.agent_joined_at_ms else []
        return [dispatch for dispatch in [*own, *added] if dispatch_id in (None, dispatch["id"])]

    def create(self, call: Call, agent_name: str, request: NewDispatch) -> DispatchView:
        view = _view(
            new_id("AD"),
            agent_name,
            call.room_name or "",
            metadata=request.metadata,
            created_at=self.clock.wall_ms() // 1000,
            job_id=new_id("AJ"),
        )
        view["restart_policy"] = request.restart_policy
        item: dict[str, Any] = simulated_dispatch_key(call.id, view["id"]).as_item()
        item["view_json"] = json_text(view)
        self.table.write(Put(item | ({TTL: call.ttl} if call.ttl else {})))
        return view

    def delete(self, call: Call, dispatch_id: str) -> DispatchView:
        """Delete a dispatch.

        Raises:
            NotFound: the call has no such dispatch.
        """
        found_dispatches = self.find(call, dispatch_id)
        if not found_dispatches:
            raise NotFound("Dispatch not found")
        try:
            self.table.write(Delete(simulated_dispatch_key(call.id, dispatch_id), EXISTS))
        except ConditionFailed:
            # The call's own agent, which the script needs, leaves when the call ends.
            return found_dispatches[0]
        return found_dispatches[0]


def _own(call: Call) -> DispatchView:
    return _view(
        call.dispatch_id or f"AD_test{call.id[:8]}",
        call.agent.livekit_agent_name,
        call.room_name or "",
        metadata=json_text({"call_id": call.id}),
        created_at=call.created_at_ms // 1000,
        job_id=call.agent_job_id or job_id_of(CallAttemptRef(call.id, call.claim)),
    )


def _view(
    dispatch_id: str, agent_name: str, room: str, *, metadata: str, created_at: int, job_id: str
) -> DispatchView:
    job: JobView = {
        "id": job_id,
        "dispatch_id": dispatch_id,
        "type": "JT_ROOM",
        "room": {"name": room},
        "participant": None,
        "metadata": metadata,
        "agent_name": agent_name,
        "state": {
            "status": "JS_RUNNING",
            "error": "",
            "started_at": created_at,
            "ended_at": 0,
            "updated_at": created_at,
            "participant_identity": f"agent-{job_id}",
            "worker_id": "AW_test",
            "agent_id": "",
        },
        "enable_recording": False,
    }
    return {
        "id": dispatch_id,
        "agent_name": agent_name,
        "room": room,
        "metadata": metadata,
        "state": {"jobs": [job], "created_at": created_at, "deleted_at": 0},
        "restart_policy": "JRP_ON_FAILURE",
    }
