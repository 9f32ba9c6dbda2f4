"""The call of an agent: its context, reports and tools."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Mapping
from types import TracebackType
from typing import Any, Self, overload

from trunkline_agent.connection import Connection, HttpConnection, call_id_of
from trunkline_agent.context import CallContext, UserContextT, VariablesT, team_of, typed_context
from trunkline_agent.job_end import JobEnd
from trunkline_agent.metrics import AgentMetrics
from trunkline_agent.outbox import Outbox
from trunkline_agent.reporter import Reporter
from trunkline_agent.rooms import Job, Room, successor_joins, wait_for_person
from trunkline_agent.session import FollowedSession, Session
from trunkline_agent.tools import CallTools, ToolDefinition, ToolResult, has_done
from trunkline_agent.turns import ROLES, moment, parts, require_name

_SUCCESSOR_JOINS_S = 20.0


class AgentCall:
    """A client for one call, made by `of_job` or `of_room`.

    `of_job` opens it and closes it when the job ends. One that is made by `of_room` is an async context
    manager. At its end it sends the turns that are left.

    Attributes:
        id: the call's id.
        agent: the name of the agent that has the call, once `context` was read.
        team: the names of the workflow's agents, once `context` was read.
        is_over: the agent has ended the call, or handed it to another worker. It is then not to end it again.
        job_end: tells sessions that the agent closes from those that end with the job.
    """

    def __init__(
        self, url: str, room: str, api_key: str, api_secret: str, *, agent: str | None = None
    ) -> None:
        if agent is not None:
            require_name(agent)
        self.id = call_id_of(room)
        self.agent = agent
        self.team: list[str] = []
        self.is_over = False
        self._connection = self._connect(url, room, api_key, api_secret)
        self._tools = CallTools(self._connection)
        self._reporter = Reporter(self._connection)
        self._outbox = Outbox(self._reporter.send)
        self._before_close: set[asyncio.Task[None]] = set()
        self.job_end = JobEnd()

    def _connect(self, *address: str) -> Connection:
        return HttpConnection(*address)

    @classmethod
    def of_room(
        cls,
        room: str,
        url: str | None = None,
        api_key: str | None = None,
        api_secret: str | None = None,
        *,
        agent: str | None = None,
    ) -> Self:
        """Return the client for the call of a room.

        `agent` is the name that the transcript shows for what this agent says; by default the agent that has
        the call when `context` is read.

        Arguments that are not given come from TRUNKLINE_API_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET.

        Raises:
            NotACall: the room does not belong to a call of Trunkline.
        """
        return cls(
            url or os.environ["TRUNKLINE_API_URL"],
            room,
            api_key or os.environ["LIVEKIT_API_KEY"],
            api_secret or os.environ["LIVEKIT_API_SECRET"],
            agent=agent,
        )

    @classmethod
    def of_job(cls, job: Job, *, agent: str | None = None) -> Self:
        """Return the open client for the call of a LiveKit job (`JobContext`); it closes when the job ends.

        Addresses and keys come from the environment, as for `of_room`. Call it from the job's entrypoint: it
        needs a running event loop.

        Raises:
            NotACall: the job's room does not belong to a call of Trunkline.
        """
        call = cls.of_room(job.job.room.name, agent=agent)
        call.open()
        call.job_end.watch(job)
        job.add_shutdown_callback(call.close)
        return call

    async def __aenter__(self) -> Self:
        self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def open(self) -> None:
        """Begin to send the transcript in the background."""
        self._connection.open()
        self._outbox.open()

    async def close(self) -> None:
        """Wait for what followed sessions still report, and send the turns that are left."""
        self.job_end.begin()
        try:
            await asyncio.gather(*self._before_close, return_exceptions=True)
            await self._outbox.close()
        finally:
            await self._connection.close()

    @overload
    async def context(self) -> CallContext[dict[str, Any], dict[str, Any]]: ...

    @overload
    async def context(
        self, user_context: type[UserContextT]
    ) -> CallContext[UserContextT, dict[str, Any]]: ...

    @overload
    async def context(
        self, user_context: type[UserContextT], variables: type[VariablesT]
    ) -> CallContext[UserContextT, VariablesT]: ...

    async def context(self, user_context: type[Any] = dict, variables: type[Any] = dict) -> Any:
        """Return the call, its agent and workflow, the user_context without secrets, and the variables.

        `user_context` and `variables` are types to check the two objects against: pydantic models,
        dataclasses or TypedDicts.

        Raises:
            InvalidContext: what the backend sent is not of the type.
        """
        response = await self._connection.request("GET", f"context?reporter={self._reporter.name}")
        self._reporter.go_on_at(response.get("next_sequence", 1))
        self.agent = self.agent or response["agent"].get("active")
        self.team = team_of(response)
        return typed_context(response, user_context, variables)

    def follow(self, session: Session, agents: Mapping[str, str] | None = None) -> FollowedSession:
        """Report what happens in an `AgentSession` of livekit-agents, until it closes.

        What is said becomes the transcript, a hand-over to an agent of the workflow becomes a change of the
        agent, and the use of models and their latencies become metrics. A session that the agent closes while
        the person is there ends the call. Call it before `session.start`.

        `agents` maps ids of LiveKit `Agent`s to names of agents in Trunkline. Without it, an `Agent` is the
        agent of the workflow that has its id for a name: the class `DemoAgent`, whose id is `demo_agent`, is
        "Demo Agent".

        Raises:
            ValueError: `agents` has a name that is not valid; or `context` was read, and the call's workflow
                has no agent of this name.
        """
        for name in (agents or {}).values():
            self._require_member(name)
        return FollowedSession(self, session, agents or {})

    async def wait_for_person(self, room: Room) -> str | None:
        """Wait until the person is there, report `answered`, and return their participant identity.

        That is when somebody joins a web call, or the callee picks up the phone. None: the room was closed
        before, as nobody answered.

        Raises:
            NotConnected: `ctx.connect()` was not awaited before.
        """
        person = await wait_for_person(room)
        if person is not None:
            await self.answered()
        return person

    async def wait_for_successor(self, room: Room, timeout_s: float = _SUCCESSOR_JOINS_S) -> bool:
        """Wait until another agent is in the room, after a tool has transferred the call to it.

        False: none came in time. The person is still with this agent, which should go on.
        """
        self.is_over = await successor_joins(room, timeout_s)
        return self.is_over

    async def answered(self) -> None:
        """Report that the person is connected and hears the agent."""
        await self._reporter.send({"type": "answered"})

    def said(self, role: str, content: str, agent: str | None = None, *, at_s: float | None = None) -> None:
        """Add a turn to the transcript; it is sent within about a second.

        `role` is assistant, user, system or tool. What does not fit into one request becomes several turns.
        `agent` is by default the one that has the call. `at_s` is when it was said, in Unix seconds; by
        default now.

        Raises:
            ValueError: the role or the agent's name is not valid; the turn would be refused, and with it all
                later ones.
        """
        if role not in ROLES:
            raise ValueError(f"role must be one of {', '.join(ROLES)}")
        if agent is not None:
            require_name(agent)
        if agent is None and role == "assistant":
            agent = self.agent
        for part in parts(content):
            turn = {"sequence": self._reporter.next(), "role": role, "content": part, "at": moment(at_s)}
            self._outbox.add(turn | ({"agent": agent} if agent else {}))

    def note_agent_change(self, agent: str) -> None:
        """Add a change of the agent to what is to be sent; what is said from now on is its words.

        Raises:
            ValueError: as `agent_changed`.
        """
        self._require_member(agent)
        self._outbox.add({"type": "agent_changed", "agent": agent, "sequence": self._reporter.next()})
        self.agent = agent

    async def agent_changed(self, agent: str) -> None:
        """Report that another agent of the call has taken over; what is said from now on is its words.

        Raises:
            ValueError: the name is blank, or has more than 100 characters; or `context` was read, and the
                call's workflow has no agent of this name.
        """
        self.note_agent_change(agent)
        await self.flush()

    async def set_variables(self, values: Mapping[str, Any]) -> None:
        """Replace all workflow variables."""
        sequence = self._reporter.next()
        await self._reporter.send({"type": "variables", "sequence": sequence, "values": dict(values)})

    async def summary(self, text: str) -> None:
        """Report the summary of the call."""
        await self._reporter.send({"type": "summary", "text": text})

    async def metrics(self, metrics: AgentMetrics) -> None:
        """Report the figures of the conversation; the last report of an attempt counts."""
        await self._reporter.send({"type": "metrics", **metrics})

    async def tools(self, agent: str | None = None) -> list[ToolDefinition]:
        """Return the tools of an agent of the call, by default of its first agent.

        Each is a function definition: name, description, parameters (JSON Schema) and version.
        """
        return await self._tools.definitions(agent)

    async def use_tool(
        self, name: str, params: Mapping[str, Any], invocation_id: str | None = None
    ) -> ToolResult:
        """Invoke a tool, and return its `status`, `result`, `error` and further fields (see `docs/tools.md`).

        A failed request is sent again with the same `invocation_id`, so the tool runs once.

        Raises:
            Refused: the call has no such tool, or has ended.
        """
        result = await self._tools.use(name, params, invocation_id)
        self.is_over = self.is_over or has_done(result, "end_call") or has_done(result, "transfer_agent")
        return result

    async def answering_machine(self, result: str) -> None:
        """Report who answered the phone: human, machine, unknown, or a word of LiveKit's detection."""
        await self._reporter.send({"type": "answering_machine", "result": result})

    async def ended(self, reason: str = "agent_hangup", *, metrics: AgentMetrics | None = None) -> None:
        """End the call, and remove everybody from its room; `metrics` are reported in the same request.

        `reason` is the `reason` of the call's `agent_ended` event, in its timeline. The call's own
        `status_reason` is `agent_hangup` (`voicemail_reached` after `answering_machine("machine")`).
        """
        await self.flush()
        await self._reporter.end(reason, metrics)
        self.is_over = True

    async def flush(self) -> None:
        """Send the turns and changes of the agent that have not been sent."""
        await self._outbox.flush()

    def run_before_close(self, work: Coroutine[Any, Any, None]) -> None:
        """Run work in the background; `close` waits for it."""
        task = asyncio.create_task(work, name="trunkline_agent before close")
        self._before_close.add(task)
        task.add_done_callback(self._before_close.discard)

    def _require_member(self, agent: str) -> None:
        require_name(agent)
        if self.team and agent not in self.team:
            raise ValueError(f"the call has no agent {agent}; its agents are {', '.join(self.team)}")
