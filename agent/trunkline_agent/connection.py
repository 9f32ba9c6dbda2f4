"""The connection to Trunkline's agent API: signed requests, sent again until they are answered."""

from __future__ import annotations

import asyncio
import datetime
import re
import time
from typing import Any, Protocol

import aiohttp
from livekit.api import AccessToken, VideoGrants

from trunkline_agent.responses import RATE_LIMITED, Refused, parse_response
from trunkline_agent.turns import to_json

_ROOM = re.compile(r"call-(?P<call_id>[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})(-[0-9]+)?")
_TOKEN_LIFE_S = 600
_TOKEN_RENEWAL_MARGIN_S = 60
_MAX_ATTEMPTS = 6
_MAX_BACKOFF_S = 8.0
_BACKOFF_S = 0.25
_SERVER_ERROR = 500
TIMEOUT_S = 15.0


class NotACall(Exception):
    """The room does not belong to a call of Trunkline."""


def call_id_of(room: str) -> str:
    """Return the id of the call that a room belongs to.

    Raises:
        NotACall: it belongs to none.
    """
    match = _ROOM.fullmatch(room)
    if match is None:
        raise NotACall(room)
    return match["call_id"]


class Connection(Protocol):
    """How a call reaches Trunkline: over HTTP, or in a test the fake of `trunkline_agent.testing`."""

    def open(self) -> None:
        """Prepare for requests; a running event loop is needed."""

    async def close(self) -> None: ...

    async def request(
        self, method: str, path: str, body: dict[str, Any] | None = None, timeout_s: float = TIMEOUT_S
    ) -> dict[str, Any]:
        """Send a request to a path below the call's, and return the body of the response.

        Raises:
            Refused: Trunkline rejected the request.
        """


class HttpConnection:
    """Sends requests over HTTP, with a token that it signs with the LiveKit project's key."""

    def __init__(self, url: str, room: str, api_key: str, api_secret: str) -> None:
        self._url = f"{url.rstrip('/')}/agent/v1/calls/{call_id_of(room)}"
        self._token = AgentToken(room, api_key, api_secret)
        self._session: aiohttp.ClientSession | None = None

    def open(self) -> None:
        self._session = aiohttp.ClientSession(json_serialize=to_json)

    async def close(self) -> None:
        if self._session:
            await self._session.close()

    async def request(
        self, method: str, path: str, body: dict[str, Any] | None = None, timeout_s: float = TIMEOUT_S
    ) -> dict[str, Any]:
        """Send a request, with retries: all requests are idempotent. A rate limit is waited for, too."""
        for attempt in range(_MAX_ATTEMPTS):
            if attempt:
                await asyncio.sleep(min(_MAX_BACKOFF_S, _BACKOFF_S * 2**attempt))
            try:
                return await self._request_once(method, path, body, aiohttp.ClientTimeout(total=timeout_s))
            except (aiohttp.ClientError, TimeoutError, Refused) as error:
                is_final = isinstance(error, Refused) and error.type != RATE_LIMITED
                if is_final or attempt == _MAX_ATTEMPTS - 1:
                    raise
        raise AssertionError("unreachable")

    async def _request_once(
        self, method: str, path: str, body: dict[str, Any] | None, client_timeout: aiohttp.ClientTimeout
    ) -> dict[str, Any]:
        if self._session is None:
            raise RuntimeError("use `async with`, or `AgentCall.of_job`")
        headers = {"Authorization": f"Bearer {self._token.current()}"}
        url = f"{self._url}/{path}"
        async with self._session.request(
            method, url, json=body, headers=headers, timeout=client_timeout, allow_redirects=False
        ) as response:
            if response.status >= _SERVER_ERROR:
                response.raise_for_status()
            return parse_response(response.status, await response.read())


class AgentToken:
    """A token like the one of an agent's job, for one room; renewed before it expires."""

    def __init__(self, room: str, api_key: str, api_secret: str) -> None:
        self._room, self._key, self._secret = room, api_key, api_secret
        self._token, self._expires_s = "", 0.0

    def current(self) -> str:
        """Return a token that is valid for a minute at least."""
        if time.monotonic() > self._expires_s - _TOKEN_RENEWAL_MARGIN_S:
            token = AccessToken(self._key, self._secret).with_kind("agent")
            token = token.with_identity(f"agent-{call_id_of(self._room)}")
            token = token.with_grants(VideoGrants(room=self._room, room_join=True, agent=True))
            self._token = token.with_ttl(datetime.timedelta(seconds=_TOKEN_LIFE_S)).to_jwt()
            self._expires_s = time.monotonic() + _TOKEN_LIFE_S
        return self._token
