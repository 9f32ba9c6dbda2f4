"""Listening to the events feed: each event is posted to an address, signed as a webhook is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from trunkline.core.json_text import json_text
from trunkline.webhooks.signing import signature_headers
from trunkline_cli.api import ApiClient, ApiError

WAIT_S = 20
_TRY_AGAIN_AFTER_S = 2
_TOO_MANY_REQUESTS, _SERVER_ERROR = 429, 500


@dataclass(frozen=True)
class Forwarded:
    """An event and what became of its request: the status of the response, or why there was none."""

    event: dict[str, Any]
    status: int | None = None
    error: str | None = None
    took_ms: int = 0

    @property
    def is_delivered(self) -> bool:
        """Tell whether the response would count as a delivery."""
        return self.status is not None and httpx.codes.is_success(self.status)


@dataclass(frozen=True)
class Forwarder:
    """Posts events to an address as webhooks do, once each."""

    client: httpx.Client
    url: str
    secret: str
    now_s: Callable[[], float] = time.time

    def send(self, event: dict[str, Any]) -> Forwarded:
        """Post an event; a response of any kind, or none, is a result."""
        delivery_id = f"dlv_local_{event['id'].removeprefix('evt_')}"
        payload = {"event": event, "delivery_id": delivery_id, "attempt": 1, "max_attempts": 1}
        body = json_text(payload).encode(errors="replace")
        signed = signature_headers(
            body, message_id=event["id"], at_s=int(self.now_s()), secrets=[self.secret]
        )
        began_s = time.monotonic()
        try:
            response = self.client.post(
                self.url, content=body, headers={"Content-Type": "application/json", **signed}
            )
        except httpx.HTTPError as error:
            return Forwarded(event, error=type(error).__name__, took_ms=_ms_since(began_s))
        return Forwarded(event, response.status_code, took_ms=_ms_since(began_s))


def follow(
    api: ApiClient,
    query: dict[str, str],
    interrupted: Callable[[str], None],
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[dict[str, Any]]:
    """Yield the events that come, from `query` on, for ever.

    While the API cannot be reached, or asks for a pause, `interrupted` is told why. Then the feed goes on
    where it was: no event is lost.

    Raises:
        ApiError: the API refuses the request.
    """
    query = query | {"wait": str(WAIT_S)}
    while True:
        try:
            page = api.page("events", **query)
        except (ApiError, httpx.TransportError) as error:
            if isinstance(error, ApiError) and not _may_pass(error.status):
                raise
            interrupted(str(error) or type(error).__name__)
            sleep(_TRY_AGAIN_AFTER_S)
            continue
        yield from page["data"]
        query = {name: value for name, value in query.items() if name != "since"}
        query["cursor"] = page["position"]
        if "poll_after_s" in page:
            sleep(page["poll_after_s"])


def _may_pass(status: int | None) -> bool:
    return status is not None and (status == _TOO_MANY_REQUESTS or status >= _SERVER_ERROR)


def _ms_since(began_s: float) -> int:
    return round((time.monotonic() - began_s) * 1000)
