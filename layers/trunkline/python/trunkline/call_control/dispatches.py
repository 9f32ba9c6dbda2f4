"""Agent dispatches in a call's room on its owner's behalf: list, create, delete."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from trunkline.agents.models import Agent
from trunkline.agents.repository import AgentRepository
from trunkline.auth.principal import Principal
from trunkline.calls.access import parse_call_id, require_own
from trunkline.calls.models import Call
from trunkline.calls.repository import CallRepository
from trunkline.core.errors import CallEnded, CallNotReady, InvalidRequest, NotFound
from trunkline.livekit.dispatch_schemas import DispatchList, DispatchView, NewDispatch


class Dispatches(Protocol):
    """Agent dispatches of one mode's calls: LiveKit's of live calls, the simulator's of test calls."""

    def find(self, call: Call, dispatch_id: str | None) -> list[DispatchView]: ...

    def create(self, call: Call, agent_name: str, request: NewDispatch) -> DispatchView: ...

    def delete(self, call: Call, dispatch_id: str) -> DispatchView: ...


@dataclass(frozen=True)
class DispatchService:
    """Dispatches only a tenant's own agents, since tenants share a LiveKit project.

    `dispatches_for` chooses the implementation by the call's mode.
    """

    calls: CallRepository
    agents: AgentRepository
    dispatches_for: Callable[[Call], Dispatches]

    def list(self, principal: Principal, call_id: str, dispatch_id: str | None) -> DispatchList:
        """List the dispatches of a call's room, or the one with that id; a closed room has none."""
        call = self._own(principal, call_id)
        if not call.room_name or call.is_terminal:
            return {"agent_dispatches": []}
        return {"agent_dispatches": self.dispatches_for(call).find(call, dispatch_id)}

    def create(self, principal: Principal, call_id: str, request: NewDispatch) -> DispatchView:
        """Send another agent into a running call.

        Raises:
            NotFound: no such call, or the tenant has no such agent.
            CallNotReady: the call does not have a room yet.
            CallEnded: the call's room is closed.
            LiveKitFailed: the agent may or may not have been sent; a repeat might send a second one.
        """
        call = self._own(principal, call_id)
        if call.is_terminal:
            raise CallEnded
        if not call.room_name:
            raise CallNotReady
        if request.room not in (None, call.room_name):
            raise InvalidRequest("Validation error: room must be the call's own", field="room")
        agent = self._agent(principal, request.agent_name)
        return self.dispatches_for(call).create(call, agent.livekit_agent_name, request)

    def delete(self, principal: Principal, call_id: str, dispatch_id: str) -> DispatchView:
        """Remove an agent from a call.

        Raises:
            NotFound: no such call, or no such dispatch in its room.
            LiveKitFailed: the agent may or may not have been removed; a repeat is harmless.
        """
        call = self._own(principal, call_id)
        if not call.room_name or call.is_terminal:
            raise NotFound("Dispatch not found")
        return self.dispatches_for(call).delete(call, dispatch_id)

    def _own(self, principal: Principal, call_id: str) -> Call:
        return require_own(self.calls.load(parse_call_id(call_id)), principal)

    def _agent(self, principal: Principal, name: str) -> Agent:
        """Find an agent by name: the mode's own first; a test key may use live ones, too."""
        for tenant_mode in dict.fromkeys((principal.tenant_mode, principal.tenant_id)):
            for agent in self.agents.all(tenant_mode):
                if name in (agent.name, agent.livekit_agent_name):
                    return agent
        raise NotFound("Agent not found")
