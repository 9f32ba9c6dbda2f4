"""A call for tests of agents: it has no Trunkline, and records what the agent reports.

    call = FakeCall(user_context={"user_name": "Ada"})
    call.add_tool("save_meal", lambda params: {"meal_id": "m-1"})
    async with call:
        await my_agent(call)
    assert call.reported.said("assistant") == ["Hello Ada!"]
    assert call.reported.end_reason == "done"

Everything but the connection is the code of the real `AgentCall`: what it refuses, a `FakeCall` refuses.
"""

from __future__ import annotations

import urllib.parse
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from trunkline_agent.call import AgentCall
from trunkline_agent.connection import TIMEOUT_S, Connection
from trunkline_agent.responses import Refused

Handler = Callable[[Mapping[str, Any]], Any]
_LAST_VALUES = {
    "variables": ("variables", "values"),
    "summary": ("summary", "text"),
    "answering_machine": ("answering_machine", "result"),
}
"""Reports whose last value counts: where it is kept, and its field in the report."""

_NO_PARAMETERS: Mapping[str, Any] = {"type": "object", "properties": {}, "required": []}


class ToolFails(Exception):
    """Raise it in the handler of a fake tool: the invocation fails with this message."""


@dataclass
class Reported:
    """What an agent has reported: the last value of each, and all turns, agents and tools in order."""

    reports: list[dict[str, Any]] = field(default_factory=list)
    answered: bool = False
    turns: list[dict[str, Any]] = field(default_factory=list)
    agents: list[str] = field(default_factory=list)
    variables: dict[str, Any] | None = None
    summary: str | None = None
    answering_machine: str | None = None
    metrics: dict[str, Any] | None = None
    end_reason: str | None = None
    tool_uses: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def said(self, role: str) -> list[str]:
        """Return what was said in a role: assistant, user, system or tool."""
        return [turn["content"] for turn in self.turns if turn["role"] == role]

    def add(self, report: Mapping[str, Any]) -> None:
        """Take a report as Trunkline does."""
        self.reports.append(dict(report))
        match report["type"]:
            case "answered":
                self.answered = True
            case "transcript":
                self.turns.extend(report["turns"])
            case "agent_changed":
                self.agents.append(report["agent"])
            case "metrics":
                self.metrics = {name: value for name, value in report.items() if name != "type"}
            case "ended":
                self.end_reason = self.end_reason or report["reason"]
            case kind:
                name, field_name = _LAST_VALUES[kind]
                setattr(self, name, report[field_name])


@dataclass
class FakeTool:
    """A tool of a fake call; `actions` are the types of the actions that it has done when it succeeds."""

    definition: dict[str, Any]
    handler: Handler
    actions: tuple[str, ...]


class FakeTrunkline:
    """The agent API for one call, in memory."""

    def __init__(self, context: dict[str, Any]) -> None:
        self.context = context
        self.tools: dict[str, FakeTool] = {}
        self.reported = Reported()
        self.is_open = False

    def open(self) -> None:
        self.is_open = True

    async def close(self) -> None:
        self.is_open = False

    async def request(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        timeout_s: float = TIMEOUT_S,  # noqa: ARG002 - a fake answers at once
    ) -> dict[str, Any]:
        """Answer a request as the agent API does; see `docs/agent-api.md`."""
        if not self.is_open:
            raise RuntimeError("use `async with`, or `AgentCall.of_job`")
        resource, _, rest = path.partition("?")[0].partition("/")
        if resource == "context":
            return dict(self.context)
        if resource == "reports":
            reports = (body or {})["reports"]
            for report in reports:
                self.reported.add(report)
            return {"applied": [True] * len(reports)}
        if method == "GET":
            return {"data": [tool.definition for tool in self.tools.values()]}
        return self._use_tool(urllib.parse.unquote(rest), body or {})

    def _use_tool(self, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        tool = self.tools.get(name)
        if tool is None:
            raise Refused("Tool not found", "not_found")
        self.reported.tool_uses.append((name, dict(body["params"])))
        response: dict[str, Any] = {"invocation_id": body["invocation_id"], "tool": name, "version": 1}
        response |= {"status": "succeeded", "result": None, "error": None, "state": {}, "latency_ms": 0}
        response["actions"] = [
            {"type": each, "status": "succeeded", "latency_ms": 0} for each in tool.actions
        ]
        try:
            response["result"] = tool.handler(body["params"])
        except ToolFails as error:
            failure = {"type": "unexpected_status", "message": str(error), "may_have_happened": False}
            response |= {"status": "failed", "error": failure, "actions": []}
        return response


class FakeCall(AgentCall):
    """An `AgentCall` whose reports are kept in `reported` instead of being sent.

    `agents` are the names of the workflow's agents, the first being the one that has the call; `channel` is
    phone or web.
    """

    def __init__(
        self,
        *,
        user_context: Mapping[str, Any] | None = None,
        variables: Mapping[str, Any] | None = None,
        agents: Sequence[str] = ("Demo Agent",),
        channel: str = "phone",
    ) -> None:
        call_id = str(uuid.uuid4())
        context = _context(call_id, agents, channel)
        context |= {"user_context": dict(user_context or {}), "variables": dict(variables or {})}
        self.trunkline = FakeTrunkline(context)
        super().__init__("http://trunkline.test", f"call-{call_id}", "fake", "fake" * 8)

    @property
    def reported(self) -> Reported:
        """What the agent has reported. Turns arrive with `flush`, with other reports, or at the end."""
        return self.trunkline.reported

    def add_tool(
        self,
        name: str,
        handler: Handler,
        *,
        parameters: Mapping[str, Any] = _NO_PARAMETERS,
        actions: Sequence[str] = ("api_call",),
    ) -> None:
        """Give the call a tool.

        `handler` gets the parameters, and returns the result or raises `ToolFails`. `parameters` is their
        JSON Schema. A tool with the action `transfer_agent` hands the call over, and one with `end_call` ends
        it.
        """
        definition = {"name": name, "description": "", "parameters": dict(parameters), "version": 1}
        self.trunkline.tools[name] = FakeTool(definition, handler, tuple(actions))

    def _connect(self, *_: str) -> Connection:
        return self.trunkline


def _context(call_id: str, agents: Sequence[str], channel: str) -> dict[str, Any]:
    number = "+15550100001" if channel == "phone" else None
    team = [{"name": name, "livekit_agent_name": name.lower().replace(" ", "-")} for name in agents]
    return {
        "call": {
            "id": call_id,
            "channel": channel,
            "livemode": False,
            "user_id": None,
            "phone_number": number,
            "caller_id": "+15550109001" if number else None,
            "attempt": 1,
            "metadata": {},
        },
        "agent": {"id": str(uuid.uuid4()), "name": agents[0], "active": agents[0]},
        "workflow": {"slug": "fake", "version": 1, "name": "Fake", "agents": team, "tools": []},
        "next_sequence": 1,
    }
