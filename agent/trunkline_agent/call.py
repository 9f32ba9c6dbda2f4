"""One call, as its agent sees it."""

from __future__ import annotations

import asyncio
import datetime
import json
import os
import re
import time
import uuid
from types import TracebackType
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
from livekit.api import AccessToken, VideoGrants

_ROOM = re.compile(r"call-(?P<call_id>[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})(-[0-9]+)?")
_TOKEN_LIFE_S = 600
_FLUSH_EVERY_S = 1.0
_MAX_BATCH = 200
_MAX_BATCH_BYTES = 150_000
_TRIES = 6
_TIMEOUT = aiohttp.ClientTimeout(total=15)
_TOOL_TIMEOUT = aiohttp.ClientTimeout(total=30)
_LOOK_AGAIN_S = 5.0
_SERVER_ERROR = 500


class NotACall(Exception):
    """The room is not one of Trunkline's."""


class Refused(Exception):
    """Trunkline refused a request: sending it again would not help; `type` is the error's."""

    def __init__(self, message: str, error_type: str = "") -> None:
        super().__init__(message)
        self.type = error_type


class AgentCall:
    """Reports of one call; made by `of_room`, and a context manager that sends what is left at its end."""

    def __init__(self, url: str, room: str, api_key: str, api_secret: str) -> None:
        match = _ROOM.fullmatch(room)
        if match is None:
            raise NotACall(room)
        self.id = match["call_id"]
        self._url = f"{url.rstrip('/')}/agent/v1/calls/{self.id}"
        self._room, self._key, self._secret = room, api_key, api_secret
        self._session: aiohttp.ClientSession | None = None
        self._token, self._token_until_s = "", 0.0
        self._turns: list[dict[str, Any]] = []
        self._sequences = {"turn": 0, "agent": 0, "variables": 0}
        self._flusher: asyncio.Task[None] | None = None
        self._sending = asyncio.Lock()

    @classmethod
    def of_room(
        cls, room: str, url: str | None = None, api_key: str | None = None, api_secret: str | None = None
    ) -> AgentCall:
        """The call of a room; what is not given is in TRUNKLINE_API_URL, LIVEKIT_API_KEY and
        LIVEKIT_API_SECRET.

        Raises:
            NotACall: the room is not one of Trunkline's.
        """
        return cls(
            url or os.environ["TRUNKLINE_API_URL"],
            room,
            api_key or os.environ["LIVEKIT_API_KEY"],
            api_secret or os.environ["LIVEKIT_API_SECRET"],
        )

    async def __aenter__(self) -> AgentCall:
        self._session = aiohttp.ClientSession()
        self._flusher = asyncio.create_task(self._flush_now_and_then())
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
        """What the call is about: call, agent, workflow, user_context (without secrets), variables."""
        return await self._ask("GET", "context", None)

    async def answered(self) -> None:
        """The person is there and hears the agent."""
        await self._report({"type": "answered"})

    def said(self, role: str, content: str, agent: str | None = None) -> None:
        """Note one thing that was said (`role`: assistant, user, system or tool); it is sent soon."""
        turn = {"sequence": self._next("turn"), "role": role, "content": content, "at": _now()}
        self._turns.append(turn | ({"agent": agent} if agent else {}))

    async def agent_changed(self, agent: str) -> None:
        """Another agent has taken over."""
        await self._report({"type": "agent_changed", "agent": agent, "sequence": self._next("agent")})

    async def set_variables(self, values: dict[str, Any]) -> None:
        """The workflow variables as they are now, all of them."""
        await self._report({"type": "variables", "sequence": self._next("variables"), "values": values})

    async def summary(self, text: str) -> None:
        """What the call came to."""
        await self._report({"type": "summary", "text": text})

    async def tools(self, agent: str | None = None) -> list[dict[str, Any]]:
        """The tools of an agent of the call (by default of the one it was made with) as function
        definitions: name, description, parameters (JSON Schema), version."""
        query = f"?{urlencode({'agent': agent})}" if agent else ""
        definitions: list[dict[str, Any]] = (await self._ask("GET", f"tools{query}", None))["data"]
        return definitions

    async def use_tool(
        self, name: str, params: dict[str, Any], invocation_id: str | None = None
    ) -> dict[str, Any]:
        """Use a tool: `status`, `result`, `error` and so on, as `docs/tools.md` has them.

        A request that fails is sent again with the same `invocation_id`: what the tool does is done once.

        Raises:
            Refused: the call has no such tool, or is over.
        """
        once = invocation_id or uuid.uuid4().hex
        body = {"params": params, "invocation_id": once}
        for number in range(_TRIES):
            try:
                return await self._ask("POST", f"tools/{quote(name, safe='')}", body, _TOOL_TIMEOUT)
            except Refused as error:
                if error.type == "outcome_unknown":
                    return _unknown(name, once, str(error))
                if error.type != "idempotency_in_progress" or number == _TRIES - 1:
                    raise
                # An earlier request was lost on its way back; what it began goes on.
                await asyncio.sleep(_LOOK_AGAIN_S)
        raise AssertionError("unreachable")

    async def answering_machine(self, result: str) -> None:
        """Who picked up: human, machine or unknown."""
        await self._report({"type": "answering_machine", "result": result})

    async def ended(self, reason: str = "agent_hangup") -> None:
        """End the call: whoever is still in the room is shown out."""
        await self.flush()
        await self._report({"type": "ended", "reason": reason})

    async def flush(self) -> None:
        """Send the turns that were noted and not yet sent."""
        async with self._sending:
            while self._turns:
                batch = _batch(self._turns)
                await self._report({"type": "transcript", "turns": batch})
                del self._turns[: len(batch)]

    async def _flush_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(_FLUSH_EVERY_S)
            try:
                await self.flush()
            except (aiohttp.ClientError, TimeoutError, Refused):
                # The turns are kept; the next flush sends them again.
                continue

    async def _report(self, report: dict[str, Any]) -> None:
        await self._ask("POST", "reports", {"reports": [report]})

    async def _ask(
        self, method: str, what: str, body: dict[str, Any] | None, patience: aiohttp.ClientTimeout = _TIMEOUT
    ) -> dict[str, Any]:
        """Ask until there is an answer: each request may be repeated without harm."""
        for number in range(_TRIES):
            if number:
                await asyncio.sleep(min(8.0, 0.25 * 2**number))
            try:
                return await self._ask_once(method, what, body, patience)
            except (aiohttp.ClientError, TimeoutError):
                if number == _TRIES - 1:
                    raise
        raise AssertionError("unreachable")

    async def _ask_once(
        self, method: str, what: str, body: dict[str, Any] | None, patience: aiohttp.ClientTimeout
    ) -> dict[str, Any]:
        if self._session is None:
            raise RuntimeError("use `async with`")
        headers = {"Authorization": f"Bearer {self._proof()}"}
        url = f"{self._url}/{what}"
        async with self._session.request(method, url, json=body, headers=headers, timeout=patience) as answer:
            if answer.status >= _SERVER_ERROR:
                answer.raise_for_status()
            values: dict[str, Any] = await answer.json()
            if not answer.ok:
                raise Refused(values["error"]["message"], values["error"].get("type", ""))
            return values

    def _proof(self) -> str:
        """A token as a job's own: of kind agent, for this room; renewed before it ends."""
        if time.monotonic() > self._token_until_s - 60:
            token = AccessToken(self._key, self._secret).with_kind("agent").with_identity(f"agent-{self.id}")
            token = token.with_grants(VideoGrants(room=self._room, room_join=True, agent=True))
            self._token = token.with_ttl(datetime.timedelta(seconds=_TOKEN_LIFE_S)).to_jwt()
            self._token_until_s = time.monotonic() + _TOKEN_LIFE_S
        return self._token

    def _next(self, what: str) -> int:
        self._sequences[what] += 1
        return self._sequences[what]


def _unknown(name: str, invocation_id: str, message: str) -> dict[str, Any]:
    """What an invocation came to of which nobody knows anything any more."""
    error = {"type": "outcome_unknown", "message": message, "may_have_happened": True}
    told = {"invocation_id": invocation_id, "tool": name, "status": "failed", "result": None, "error": error}
    return told | {"state": {}, "actions": []}


def _batch(turns: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As many of the first turns as fit into one request, at least one."""
    size = 0
    for number, turn in enumerate(turns[:_MAX_BATCH]):
        size += len(json.dumps(turn))
        if number and size > _MAX_BATCH_BYTES:
            return turns[:number]
    return turns[:_MAX_BATCH]


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
