"""Actions of a tool on its own call: transfer it to another agent, or end it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from trunkline.calls.agent_transitions import active_agent, on_handover
from trunkline.calls.models import Call
from trunkline.calls.repository import CallRepository
from trunkline.calls.value_objects import AgentTurn
from trunkline.core.clock import Clock
from trunkline.core.errors import LiveKitFailed, LiveKitNotConfigured
from trunkline.tool_runtime.errors import MAY_HAVE_HAPPENED, ActionFailed, FailureType
from trunkline.tool_runtime.function_definitions import agent_of, agents_of

_LIVEKIT_TIMEOUT_S = 12
"""Time-out of a request to LiveKit (`livekit.sync_client`); with less time left none is made."""


@dataclass(frozen=True)
class CallActions:
    """Runs actions on one call.

    `dispatch(call, worker)` dispatches an agent to the call's room, `end_call(reason)` ends the call as its
    agent does. Both may raise `LiveKitFailed`, when nobody knows whether it was done; they are never retried.
    """

    call: Call
    calls: CallRepository
    dispatch: Callable[[Call, str], None]
    end_call: Callable[[str], None]
    clock: Clock
    deadline_us: int

    def transfer(self, agent: str) -> str:
        """Transfer the call to another of its agents; return the agent's name.

        Raises:
            ActionFailed: the call has no such agent, the agent has the call already, the call has ended, or
                LiveKit did not respond.
        """
        call = self._require_open_call()
        target = agent_of(call, agent)
        if target is None:
            names = ", ".join(agent.name for agent in agents_of(call))
            text = f"This call has no such agent; its agents are {names}"
            raise ActionFailed(FailureType.AGENT_NOT_FOUND, text)
        if target.name == active_agent(call).name:
            raise ActionFailed(FailureType.AGENT_NOT_FOUND, f"{target.name} already has the call")
        now_ms = self.clock.wall_ms()
        turn = AgentTurn(-1, target.name, now_ms, call.claim)
        if on_handover(call, turn) is None:
            raise ActionFailed(
                FailureType.AGENT_NOT_FOUND, "The call exceeded the maximum number of agent transfers"
            )
        self._ask_livekit(lambda: self.dispatch(call, target.livekit_agent_name))
        self.calls.update(call.id, lambda now: on_handover(now, turn), now_ms)
        return target.name

    def end(self, reason: str) -> None:
        """End the call as its agent does; do nothing if it has ended.

        Raises:
            ActionFailed: LiveKit did not respond.
        """
        self._ask_livekit(lambda: self.end_call(reason or "agent_hangup"))

    def _require_open_call(self) -> Call:
        call = self.calls.load(self.call.id)
        if call is None or call.is_terminal or not call.room_name:
            raise ActionFailed(FailureType.CALL_ENDED, "The call has ended")
        return call

    def _ask_livekit(self, request: Callable[[], object]) -> None:
        if self.deadline_us - self.clock.monotonic_us() < _LIVEKIT_TIMEOUT_S * 1_000_000:
            raise ActionFailed(FailureType.OUT_OF_TIME, "No time was left for this action; nothing was done")
        try:
            request()
        except LiveKitFailed as error:
            text = "LiveKit did not respond" + MAY_HAVE_HAPPENED
            raise ActionFailed(FailureType.LIVEKIT_FAILED, text, may_have_happened=True) from error
        except LiveKitNotConfigured as error:
            raise ActionFailed(FailureType.LIVEKIT_FAILED, "No LiveKit project is configured") from error
