"""The call of an agent: its context, reports and tools."""

from __future__ import annotations

import asyncio
import datetime
import logging
import os
import re
import time
import uuid
from types import TracebackType
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
from livekit.api import AccessToken, VideoGrants

from trunkline_agent.responses import RATE_LIMITED, Refused, parse_response
from trunkline_agent.turns import ROLES, encodable, next_batch, now, parts, to_json

_log = logging.getLogger("trunkline_agent")
_ROOM = re.compile(r"call-(?P<call_id>[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})(-[0-9]+)?")
_TOKEN_LIFE_S = 600
_FLUSH_INTERVAL_S = 1.0
_MAX_NAME_LENGTH = 100
_MAX_ATTEMPTS = 6
_TIMEOUT = aiohttp.ClientTimeout(total=15)
_TOOL_TIMEOUT = aiohttp.ClientTimeout(total=30)
_IN_PROGRESS_RETRY_S = 5.0
_SERVER_ERROR = 500
_MAX_BACKOFF_S = 8.0
_BACKOFF_S = 0.25
_TOKEN_RENEWAL_MARGIN_S = 60


class NotACall(Exception):
    """The room does not belong to a call of Trunkline."""


class AgentCall:
    """A client for one call, made by `of_room`.

    Use it as an async context manager: at the end it sends the turns that are left.
    """

    def __init__(
        self, url: str, room: str, api_key: str, api_secret: str, *, agent: str | None = None
    ) -> None:
        if agent is not None:
            _require_name(agent)
        match = _ROOM.fullmatch(room)
        if match is None:
            raise NotACall(room)
        self.id = match["call_id"]
        self._url = f"{url.rstrip('/')}/agent/v1/calls/{self.id}"
        self._room, self._key, self._secret = room, api_key, api_secret
        self._session: aiohttp.ClientSession | None = None
        self._token, self._token_expires_s = "", 0.0
        self._turns: list[dict[str, Any]] = []
        # A reporter of its own: a job that is restarted, or sent in again, must not use numbers twice.
        self._reporter, self._sequence, self._agent = uuid.uuid4().hex, 0, agent
        self._team: list[str] = []
        self._flusher: asyncio.Task[None] | None = None
        self._sending = asyncio.Lock()

    @classmethod
    def of_room(
        cls,
        room: str,
        url: str | None = None,
        api_key: str | None = None,
        api_secret: str | None = None,
        *,
        agent: str | None = None,
    ) -> AgentCall:
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

    async def __aenter__(self) -> AgentCall:
        self._session = aiohttp.ClientSession(json_serialize=to_json)
        self._flusher = asyncio.create_task(self._flush_periodically())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._flusher:
            self._flusher.cancel()
        try:
            await self.flush()
        finally:
            if self._session:
                await self._session.close()

    async def context(self) -> dict[str, Any]:
        """Return the call, its agent and workflow, the user_context without secrets, and the variables."""
        context = await self._request("GET", f"context?reporter={self._reporter}", None)
        self._sequence = max(self._sequence, context.get("next_sequence", 1) - 1)
        self._agent = self._agent or context["agent"].get("active")
        self._team = [agent["name"] for agent in (context.get("workflow") or {}).get("agents", ())]
        return context

    async def answered(self) -> None:
        """Report that the person is connected and hears the agent."""
        await self._report({"type": "answered"})

    def said(self, role: str, content: str, agent: str | None = None) -> None:
        """Add a turn to the transcript; it is sent within about a second.

        `role` is assistant, user, system or tool. What does not fit into one request becomes several turns.
        `agent` is by default the one that has the call.

        Raises:
            ValueError: the role or the agent's name is not valid; the turn would be refused, and with it all
                later ones.
        """
        if role not in ROLES:
            raise ValueError(f"role must be one of {', '.join(ROLES)}")
        if agent is not None:
            _require_name(agent)
        if agent is None and role == "assistant":
            agent = self._agent
        for part in parts(content):
            turn = {"sequence": self._next(), "role": role, "content": part, "at": now()}
            self._turns.append(turn | ({"agent": agent} if agent else {}))

    async def agent_changed(self, agent: str) -> None:
        """Report that another agent of the call has taken over; what is said from now on is its words.

        Raises:
            ValueError: the name is blank, or has more than 100 characters; or `context` was read, and the
                call's workflow has no agent of this name.
        """
        _require_name(agent)
        if self._team and agent not in self._team:
            raise ValueError(f"the call has no agent {agent}; its agents are {', '.join(self._team)}")
        await self.flush()
        await self._report({"type": "agent_changed", "agent": agent, "sequence": self._next()})
        self._agent = agent

    async def set_variables(self, values: dict[str, Any]) -> None:
        """Replace all workflow variables."""
        await self._report({"type": "variables", "sequence": self._next(), "values": values})

    async def summary(self, text: str) -> None:
        """Report the summary of the call."""
        await self._report({"type": "summary", "text": text})

    async def tools(self, agent: str | None = None) -> list[dict[str, Any]]:
        """Return the tools of an agent of the call, by default of its first agent.

        Each is a function definition: name, description, parameters (JSON Schema) and version.
        """
        query = f"?{urlencode({'agent': agent}, errors='replace')}" if agent else ""
        definitions: list[dict[str, Any]] = (await self._request("GET", f"tools{query}", None))["data"]
        return definitions

    async def use_tool(
        self, name: str, params: dict[str, Any], invocation_id: str | None = None
    ) -> dict[str, Any]:
        """Invoke a tool, and return its `status`, `result`, `error` and further fields (see `docs/tools.md`).

        A failed request is sent again with the same `invocation_id`, so the tool runs once.

        Raises:
            Refused: the call has no such tool, or has ended.
        """
        invocation_id = invocation_id or uuid.uuid4().hex
        path, body = (
            f"tools/{quote(encodable(name), safe='')}",
            {"params": params, "invocation_id": invocation_id},
        )
        for attempt in range(_MAX_ATTEMPTS):
            try:
                return await self._request("POST", path, body, _TOOL_TIMEOUT)
            except Refused as error:
                if error.type == "outcome_unknown":
                    return _outcome_unknown(name, invocation_id, str(error))
                if error.type != "idempotency_in_progress" or attempt == _MAX_ATTEMPTS - 1:
                    raise
                # The response to an earlier request was lost, and its invocation still runs.
                await asyncio.sleep(_IN_PROGRESS_RETRY_S)
        raise AssertionError("unreachable")

    async def answering_machine(self, result: str) -> None:
        """Report who answered the phone: human, machine, unknown, or a word of LiveKit's detection."""
        await self._report({"type": "answering_machine", "result": result})

    async def ended(self, reason: str = "agent_hangup") -> None:
        """End the call, and remove everybody from its room.

        `reason` is the `reason` of the call's `agent_ended` event, in its timeline. The call's own
        `status_reason` is `agent_hangup` (`voicemail_reached` after `answering_machine("machine")`).
        """
        await self.flush()
        await self._report({"type": "ended", "reason": reason})

    async def flush(self) -> None:
        """Send the turns that have not been sent."""
        async with self._sending:
            while self._turns:
                batch = next_batch(self._turns)
                await self._report({"type": "transcript", "turns": batch})
                del self._turns[: len(batch)]

    async def _flush_periodically(self) -> None:
        while True:
            await asyncio.sleep(_FLUSH_INTERVAL_S)
            try:
                await self.flush()
            except Exception as error:  # noqa: BLE001 - a task that ends would lose all later turns
                # The next flush sends the same turns again.
                _log.warning("transcript not sent yet: %s: %s", type(error).__name__, error)

    async def _report(self, report: dict[str, Any]) -> None:
        await self._request("POST", "reports", {"reporter": self._reporter, "reports": [report]})

    async def _request(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None,
        client_timeout: aiohttp.ClientTimeout = _TIMEOUT,
    ) -> dict[str, Any]:
        """Send a request, with retries: all requests are idempotent. A rate limit is waited for, too."""
        for attempt in range(_MAX_ATTEMPTS):
            if attempt:
                await asyncio.sleep(min(_MAX_BACKOFF_S, _BACKOFF_S * 2**attempt))
            try:
                return await self._request_once(method, path, body, client_timeout)
            except (aiohttp.ClientError, TimeoutError, Refused) as error:
                is_final = isinstance(error, Refused) and error.type != RATE_LIMITED
                if is_final or attempt == _MAX_ATTEMPTS - 1:
                    raise
        raise AssertionError("unreachable")

    async def _request_once(
        self, method: str, path: str, body: dict[str, Any] | None, client_timeout: aiohttp.ClientTimeout
    ) -> dict[str, Any]:
        if self._session is None:
            raise RuntimeError("use `async with`")
        headers = {"Authorization": f"Bearer {self._bearer_token()}"}
        url = f"{self._url}/{path}"
        async with self._session.request(
            method, url, json=body, headers=headers, timeout=client_timeout, allow_redirects=False
        ) as response:
            if response.status >= _SERVER_ERROR:
                response.raise_for_status()
            return parse_response(response.status, await response.read())

    def _bearer_token(self) -> str:
        """Return a token like the one of an agent's job, for this room; renew it before it expires."""
        if time.monotonic() > self._token_expires_s - _TOKEN_RENEWAL_MARGIN_S:
            token = AccessToken(self._key, self._secret).with_kind("agent").with_identity(f"agent-{self.id}")
            token = token.with_grants(VideoGrants(room=self._room, room_join=True, agent=True))
            self._token = token.with_ttl(datetime.timedelta(seconds=_TOKEN_LIFE_S)).to_jwt()
            self._token_expires_s = time.monotonic() + _TOKEN_LIFE_S
        return self._token

    def _next(self) -> int:
        self._sequence += 1
        return self._sequence


def _require_name(agent: str) -> None:
    if not agent.strip() or len(agent) > _MAX_NAME_LENGTH:
        raise ValueError(f"an agent's name has 1 to {_MAX_NAME_LENGTH} characters")


def _outcome_unknown(name: str, invocation_id: str, message: str) -> dict[str, Any]:
    """Return the result of an invocation whose outcome is lost."""
    error = {"type": "outcome_unknown", "message": message, "may_have_happened": True}
    result = {
        "invocation_id": invocation_id,
        "tool": name,
        "status": "failed",
        "result": None,
        "error": error,
    }
    return result | {"state": {}, "actions": []}
