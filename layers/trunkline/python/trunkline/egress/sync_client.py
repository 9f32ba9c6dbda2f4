"""Egress client for callers without an event loop."""

from __future__ import annotations

import asyncio

from trunkline.egress.client import EgressClient
from trunkline.egress.messages import Request, Response


class SyncEgressClient:
    """Runs `EgressClient` on one event loop for the whole process.

    Closing a loop would wait for name look-ups that hang.
    """

    def __init__(self, client: EgressClient) -> None:
        self._client = client
        self._runner = asyncio.Runner()

    def send(self, request: Request) -> Response:
        """Send a request; see `EgressClient.send`."""
        return self._runner.run(self._client.send(request))

    def check(self, url: str) -> None:
        """Check a URL; see `EgressClient.check`."""
        self._runner.run(self._client.check(url))
