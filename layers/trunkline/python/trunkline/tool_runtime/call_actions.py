"""What tools do to their call: send another agent in, end it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from trunkline.calls.agent_transitions import active_agent, on_handover
from trunkline.calls.models import Call
from trunkline.calls.repository import CallRepository
from trunkline.calls.value_objects import AgentTurn
from trunkline.core.clock import Clock
from trunkline.core.errors import LiveKitFailed, LiveKitNotConfigured
from trunkline.tool_runtime.errors import ActionFailed, FailureType
from trunkline.tool_runtime.function_definitions import agent_of, agents_of

_LIVEKIT_S = 12
"""How long LiveKit may take to answer (`livekit.hangup`): with less time left it is not asked."""


@dataclass(frozen=True)
class CallActions:
    """The effects on one call. `dispatch(call, worker)` sends an agent into the call's room and raises
    `LiveKitFailed` where it may or may not have been sent: it is never repeated."""

    call: Call
    calls: CallRepository
    dispatch: Callable[[Call, str], None]
    end_call: Callable[[str], None]
    clock: Clock
    until_us: int

    def transfer(self, agent: str) -> str:
        """Send another agent of the call's team in, and note that it has the call.

        Raises:
            ActionFailed: there is no such agent, it has the call already, the call is over, or LiveKit
                did not answer.
        """
        call = self._going_on()
        who = agent_of(call, agent)
        if who is None:
            names = ", ".join(each.name for each in agents_of(call))
            text = f"There is no such agent in this call; there are {names}"
            raise ActionFailed(FailureType.AGENT_NOT_FOUND, text)
        if who.name == active_agent(call).name:
            raise ActionFailed(FailureType.AGENT_NOT_FOUND, f"{who.name} has the call already")
        now_ms = self.clock.wall_ms()
        turn = AgentTurn(-1, who.name, now_ms)
        if on_handover(call, turn) is None:
            raise ActionFailed(FailureType.AGENT_NOT_FOUND, "The call was handed round too often")
        self._asked(lambda: self.dispatch(call, who.livekit_agent_name))
        self.calls.update(call.id, lambda now: on_handover(now, turn), now_ms)
        return who.name

    def end(self, reason: str) -> None:
        """End the call as an agent does; ending it again does nothing.

        Raises:
            ActionFailed: LiveKit did not answer.
        """
        self._asked(lambda: self.end_call(reason or "agent_hangup"))

    def _going_on(self) -> Call:
        call = self.calls.load(self.call.id)
        if call is None or call.is_terminal or not call.room_name:
            raise ActionFailed(FailureType.CALL_ENDED, "The call has ended")
        return call

    def _asked(self, ask: Callable[[], object]) -> None:
        if self.until_us - self.clock.monotonic_us() < _LIVEKIT_S * 1_000_000:
            raise ActionFailed(FailureType.OUT_OF_TIME, "No time was left for this; nothing was done")
        try:
            ask()
        except LiveKitFailed as error:
            text = "LiveKit did not answer; it may have been done all the same"
            raise ActionFailed(FailureType.LIVEKIT_FAILED, text, may_have_happened=True) from error
        except LiveKitNotConfigured as error:
            raise ActionFailed(FailureType.LIVEKIT_FAILED, "There is no LiveKit to ask") from error
