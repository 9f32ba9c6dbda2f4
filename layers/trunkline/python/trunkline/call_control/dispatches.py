"""The agents of a call's room on its owner's behalf: list, add, take out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

from trunkline.agents.models import Agent
from trunkline.agents.repository import AgentRepository
from trunkline.auth.principal import Principal
from trunkline.calls.access import parse_call_id, require_own
from trunkline.calls.models import Call
from trunkline.calls.repository import CallRepository
from trunkline.core.errors import CallEnded, CallNotReady, InvalidRequest, NotFound
from trunkline.livekit.credentials import LiveKitCredentials
from trunkline.livekit.dispatch_schemas import DispatchList, DispatchView, NewDispatch
from trunkline.simulator.dispatches import SimulatedDispatches


def _livekit() -> ModuleType:
    # Only these routes speak to LiveKit: the others do not pay for its import.
    from trunkline.livekit import dispatches  # noqa: PLC0415

    return dispatches


@dataclass(frozen=True)
class DispatchService:
    """Tenants share a LiveKit project, so an agent is dispatched only if it is one of the tenant's.

    The agents of a test call are played: `played` answers for LiveKit."""

    calls: CallRepository
    agents: AgentRepository
    livekit: Callable[[Call], LiveKitCredentials]
    played: SimulatedDispatches

    def list(self, principal: Principal, call_id: str, dispatch_id: str | None) -> DispatchList:
        """The dispatches of a call's room, or the one of that id; a room that is gone has none."""
        call = self._own(principal, call_id)
        if not call.room_name or call.is_terminal:
            return {"agent_dispatches": []}
        if not call.livemode:
            return {"agent_dispatches": self.played.found(call, dispatch_id)}
        return {"agent_dispatches": _livekit().found(self.livekit(call), call.room_name, dispatch_id)}

    def create(self, principal: Principal, call_id: str, request: NewDispatch) -> DispatchView:
        """Send another agent into a call that goes on.

        Raises:
            NotFound: no such call, or the tenant has no such agent.
            CallNotReady: it has no room yet.
            CallEnded: it has none any more.
            LiveKitFailed: the agent may or may not have been sent; a repeat might send a second one.
        """
        call = self._own(principal, call_id)
        if call.is_terminal:
            raise CallEnded
        if not call.room_name:
            raise CallNotReady
        if request.room not in (None, call.room_name):
            raise InvalidRequest("Validation error: room must be the call's own", field="room")
        name = self._agent(principal, request.agent_name).livekit_agent_name
        if not call.livemode:
            return self.played.create(call, name, request)
        made: DispatchView = _livekit().create(self.livekit(call), call.room_name, name, request)
        return made

    def delete(self, principal: Principal, call_id: str, dispatch_id: str) -> DispatchView:
        """Take an agent out of a call.

        Raises:
            NotFound: no such call, or no such dispatch in its room.
            LiveKitFailed: it may or may not have been taken out; a repeat is harmless.
        """
        call = self._own(principal, call_id)
        if not call.room_name or call.is_terminal:
            raise NotFound("Dispatch not found")
        if not call.livemode:
            return self.played.delete(call, dispatch_id)
        gone: DispatchView = _livekit().delete(self.livekit(call), call.room_name, dispatch_id)
        return gone

    def _own(self, principal: Principal, call_id: str) -> Call:
        return require_own(self.calls.load(parse_call_id(call_id)), principal)

    def _agent(self, principal: Principal, name: str) -> Agent:
        """The mode's own agents come first; a test key may use live ones, too."""
        for tenant_mode in dict.fromkeys((principal.tenant_mode, principal.tenant_id)):
            for agent in self.agents.all(tenant_mode):
                if name in (agent.name, agent.livekit_agent_name):
                    return agent
        raise NotFound("Agent not found")
