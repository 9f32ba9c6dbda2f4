"""The tools of a call: their definitions, their use, and its result."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict, cast
from urllib.parse import quote, urlencode

from trunkline_agent.connection import Connection
from trunkline_agent.responses import Refused
from trunkline_agent.turns import encodable

_TIMEOUT_S = 30.0
_MAX_ATTEMPTS = 6
_IN_PROGRESS_RETRY_S = 5.0


class ToolDefinition(TypedDict):
    """A function definition for a model; `parameters` is JSON Schema."""

    name: str
    description: str
    parameters: dict[str, Any]
    version: int


class ToolFailure(TypedDict):
    """Why a tool failed; if `may_have_happened`, a repeat may do the action twice."""

    type: str
    message: str
    may_have_happened: bool
    action: NotRequired[int]
    http_status: NotRequired[int]
    answer: NotRequired[Any]


class ToolAction(TypedDict):
    """The result of one action of a tool."""

    type: str
    status: str
    latency_ms: int
    http_status: NotRequired[int]
    tries: NotRequired[int]


class ToolResult(TypedDict):
    """The outcome of an invocation: `result` is for the model, `state` has the changes of the variables."""

    invocation_id: str
    tool: str
    version: NotRequired[int]
    status: str
    result: Any
    error: ToolFailure | None
    state: dict[str, Any]
    actions: list[ToolAction]
    latency_ms: NotRequired[int]


class CallTools:
    """Reads and uses the tools of one call."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def definitions(self, agent: str | None) -> list[ToolDefinition]:
        """Return the tools of an agent of the call, by default of its first agent."""
        query = f"?{urlencode({'agent': agent}, errors='replace')}" if agent else ""
        response = await self._connection.request("GET", f"tools{query}")
        return cast("list[ToolDefinition]", response["data"])

    async def use(self, name: str, params: Mapping[str, Any], invocation_id: str | None) -> ToolResult:
        """Use a tool once, however often the request has to be sent.

        Raises:
            Refused: the call has no such tool, or has ended.
        """
        invocation_id = invocation_id or uuid.uuid4().hex
        path = f"tools/{quote(encodable(name), safe='')}"
        body = {"params": dict(params), "invocation_id": invocation_id}
        for attempt in range(_MAX_ATTEMPTS):
            try:
                response = await self._connection.request("POST", path, body, _TIMEOUT_S)
                return cast("ToolResult", response)
            except Refused as error:
                if error.type == "outcome_unknown":
                    return _outcome_unknown(name, invocation_id, str(error))
                if error.type != "idempotency_in_progress" or attempt == _MAX_ATTEMPTS - 1:
                    raise
                # The response to an earlier request was lost, and its invocation still runs.
                await asyncio.sleep(_IN_PROGRESS_RETRY_S)
        raise AssertionError("unreachable")


def has_done(result: Mapping[str, Any], action_type: str) -> bool:
    """Tell whether a tool has done an action of a type, for example `transfer_agent`."""
    return any(
        (action["type"], action["status"]) == (action_type, "succeeded")
        for action in result.get("actions", ())
    )


def _outcome_unknown(name: str, invocation_id: str, message: str) -> ToolResult:
    """Return the result of an invocation whose outcome is lost."""
    return {
        "invocation_id": invocation_id,
        "tool": name,
        "status": "failed",
        "result": None,
        "error": {"type": "outcome_unknown", "message": message, "may_have_happened": True},
        "state": {},
        "actions": [],
    }
