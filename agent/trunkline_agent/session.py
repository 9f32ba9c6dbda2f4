"""Reports of what happens in an `AgentSession` of livekit-agents: `AgentCall.follow`.

Events of livekit-agents 1.8: `livekit/agents/voice/events.py`, and
https://docs.livekit.io/agents/build/events/. They are named here only by what is used of them, so that
livekit-agents stays optional.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import aiohttp

from trunkline_agent.metrics import ConversationMetrics
from trunkline_agent.responses import Refused
from trunkline_agent.rooms import Room, person_in

if TYPE_CHECKING:
    from trunkline_agent.call import AgentCall

_log = logging.getLogger("trunkline_agent")
_SPEAKERS = ("user", "assistant")
AGENT_HANGUP = "agent_hangup"
END_REASONS = {
    "user_initiated": AGENT_HANGUP,
    "task_completed": AGENT_HANGUP,
    "error": "session_error",
}
"""The reasons of a session's close that end the call, and what the timeline then says.

After `participant_disconnected` the person has gone, which Trunkline knows from LiveKit. A job that ends
closes its session with `user_initiated`, too (`job_end`), and further sessions with `job_shutdown`: then the
agent's setting `agent_lost` decides what follows.
"""


class Session(Protocol):
    """A session, as `livekit.agents.AgentSession` is."""

    @property
    def room_io(self) -> Any: ...

    def on(self, event: Any, callback: Callable[[Any], None]) -> Any: ...


class FollowedSession:
    """Reports one session until it closes."""

    def __init__(self, call: AgentCall, session: Session, agents: Mapping[str, str]) -> None:
        self._call, self._session, self._agents = call, session, agents
        call.job_end.mark_agents_code()
        self._metrics = ConversationMetrics()
        self._reported: set[str] = set()
        self._closed = asyncio.Event()
        session.on("conversation_item_added", self._on_item)
        session.on("session_usage_updated", self._on_usage)
        session.on("close", self._on_close)

    async def wait_closed(self) -> None:
        """Wait until the session has closed, and all of it was reported."""
        await self._closed.wait()

    def _on_item(self, event: Any) -> None:
        item = event.item
        if item.type == "agent_handoff":
            self._on_handoff(item)
        elif item.type == "message" and item.role in _SPEAKERS and item.id not in self._reported:
            self._reported.add(item.id)
            self._metrics.turn(item.metrics)
            if text := item.text_content:
                self._call.said(item.role, text, at_s=item.created_at)

    def _on_handoff(self, item: Any) -> None:
        """Report a change to another agent of the workflow; the first agent of a session is no change.

        An `AgentTask`, and an `Agent` that is none of the workflow's, speak for the agent that has the call.
        """
        name = self._name_of(item.new_agent_id)
        if item.old_agent_id is not None and name is not None and name != self._call.agent:
            self._call.note_agent_change(name)

    def _name_of(self, agent_id: str) -> str | None:
        if agent_id in self._agents:
            return self._agents[agent_id]
        return next((name for name in self._call.team if agent_id in (name, snake_case(name))), None)

    def _on_usage(self, event: Any) -> None:
        self._metrics.use(event.usage.model_usage)

    def _on_close(self, event: Any) -> None:
        reason = END_REASONS.get(getattr(event.reason, "value", event.reason))
        ends = reason if self._person_may_be_there() and not self._call.is_over else None
        self._call.run_before_close(self._report_close(ends))

    def _person_may_be_there(self) -> bool:
        """Tell whether somebody would be left in silence; a session without a room may have a person, too.

        An agent that has lost its room has not hung up.
        """
        try:
            room: Room = self._session.room_io.room
        except RuntimeError:  # how livekit-agents answers for a session that has no room
            return True
        return room.isconnected() and person_in(room) is not None

    async def _report_close(self, ends: str | None) -> None:
        """Report the figures, and the end in the same request: a job that ends has seconds."""
        metrics = self._metrics.report()
        try:
            if ends and (ends != AGENT_HANGUP or await self._call.job_end.is_not_the_cause()):
                await self._attempt(self._call.ended(ends, metrics=metrics))
            elif metrics:
                await self._attempt(self._call.metrics(metrics))
        finally:
            self._closed.set()

    async def _attempt(self, report: Any) -> None:
        """Send a report; one that fails is logged, and those behind it are sent."""
        try:
            await report
        except (aiohttp.ClientError, TimeoutError, Refused) as error:
            _log.warning("call %s: report failed: %s", self._call.id, error)


def snake_case(name: str) -> str:
    """Return a name in the form of an `Agent`'s id, which comes from its class: Demo Agent is demo_agent."""
    return re.sub(r"\W+", "_", name.strip()).lower()
