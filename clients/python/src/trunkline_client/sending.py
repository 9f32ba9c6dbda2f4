"""Sending requests over HTTP, in a thread or in an event loop: attempts, errors and pages."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from types import TracebackType
from typing import Any, Self

import anyio
import httpx

from trunkline_client.errors import ApiError, NoResponse, TrunklineError, api_error
from trunkline_client.requests import ApiRequest, sendable_key
from trunkline_client.retries import Retries

TIMEOUT_S = 35.0
"""API Gateway ends a request after 30 seconds, so that no response comes later.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
"""
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


class Sender:
    """A connection to the API for threads. Close it, or use it in a `with` block."""

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        retries: Retries | None = None,
        timeout_s: float = TIMEOUT_S,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Make a client of the API at `base_url`, such as `https://api.example.com`.

        `timeout_s` bounds each wait for the network within one attempt, `retries` all attempts of a request.
        `transport` replaces the network, for instance in tests.

        Raises:
            ValueError: the key has characters that no key has, such as the end of a line.
        """
        self._retries = retries or Retries()
        headers = {"x-api-key": sendable_key(api_key)}
        self._http = httpx.Client(base_url=base_url, headers=headers, timeout=timeout_s, transport=transport)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _send(self, request: ApiRequest) -> Any:
        """Send a request, again where that is safe and can help, and return the parsed body."""
        failed_s: float | None = None
        failures = 0
        while True:
            try:
                return self._attempt(request)
            except (ApiError, NoResponse) as failure:
                failed_s = time.monotonic() if failed_s is None else failed_s
                pause_s = self._retries.pause_s(request, failure, failures, time.monotonic() - failed_s)
                if pause_s is None:
                    raise
            failures += 1
            time.sleep(pause_s)

    def _attempt(self, request: ApiRequest) -> Any:
        try:
            response = self._http.request(
                request.method,
                request.path,
                params=request.parameters,
                json=request.body,
                headers=request.headers,
            )
        except httpx.LocalProtocolError:
            raise not_sendable(request) from None
        except httpx.RequestError as error:
            raise no_response(request, error) from error
        return body_of(response)

    def _iterate(self, request: ApiRequest) -> Iterator[Any]:
        """Read the pages of a list, and yield their items."""
        page = self._send(request)
        yield from page["data"]
        while page["next_cursor"] is not None:
            page = self._send(request.at(page["next_cursor"]))
            yield from page["data"]


class AsyncSender:
    """A connection to the API for event loops. Close it, or use it in an `async with` block."""

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        retries: Retries | None = None,
        timeout_s: float = TIMEOUT_S,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Make a client with the arguments of the client for threads.

        Raises:
            ValueError: the key has characters that no key has, such as the end of a line.
        """
        self._retries = retries or Retries()
        headers = {"x-api-key": sendable_key(api_key)}
        self._http = httpx.AsyncClient(
            base_url=base_url, headers=headers, timeout=timeout_s, transport=transport
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _send(self, request: ApiRequest) -> Any:
        """Send a request, again where that is safe and can help, and return the parsed body."""
        failed_s: float | None = None
        failures = 0
        while True:
            try:
                return await self._attempt(request)
            except (ApiError, NoResponse) as failure:
                failed_s = time.monotonic() if failed_s is None else failed_s
                pause_s = self._retries.pause_s(request, failure, failures, time.monotonic() - failed_s)
                if pause_s is None:
                    raise
            failures += 1
            await anyio.sleep(pause_s)

    async def _attempt(self, request: ApiRequest) -> Any:
        try:
            response = await self._http.request(
                request.method,
                request.path,
                params=request.parameters,
                json=request.body,
                headers=request.headers,
            )
        except httpx.LocalProtocolError:
            raise not_sendable(request) from None
        except httpx.RequestError as error:
            raise no_response(request, error) from error
        return body_of(response)

    async def _iterate(self, request: ApiRequest) -> AsyncIterator[Any]:
        """Read the pages of a list, and yield their items."""
        page = await self._send(request)
        for item in page["data"]:
            yield item
        while page["next_cursor"] is not None:
            page = await self._send(request.at(page["next_cursor"]))
            for item in page["data"]:
                yield item


def not_sendable(request: ApiRequest) -> TrunklineError:
    """Say that no attempt can succeed, without the text of the cause: it shows a header, maybe the key."""
    return TrunklineError(f"{request.method} {request.path} cannot be sent: HTTP forbids one of its headers")


def no_response(request: ApiRequest, error: httpx.RequestError) -> TrunklineError:
    """Say what happened to a request that has no response.

    An address that is none is no failure of the network: the error of that is not tried again.
    """
    message = f"{request.method} {request.path} has no response: {error or type(error).__name__}"
    if isinstance(error, httpx.UnsupportedProtocol):
        return TrunklineError(message)
    was_sent = not isinstance(error, _NOT_SENT)
    return NoResponse(message, was_sent=was_sent, idempotency_key=request.idempotency_key)


def body_of(response: httpx.Response) -> Any:
    """Return the body of a response.

    Raises:
        ApiError: it is an error.
        TrunklineError: it succeeded and is not JSON: something else than the API responds at this address.
    """
    if not response.is_success:
        raise api_error(response.status_code, response.headers, response.content)
    try:
        return response.json()
    except ValueError as error:
        raise TrunklineError(f"{response.url} responds with something else than JSON") from error
