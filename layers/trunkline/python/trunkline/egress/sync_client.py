"""The way out for callers that have no event loop of their own."""

from __future__ import annotations

import asyncio

from trunkline.egress.client import EgressClient
from trunkline.egress.messages import Request, Response


class BlockingClient:
    """One loop for as long as the process lives: closing one waits for name look-ups that hang."""

    def __init__(self, client: EgressClient) -> None:
        self._client = client
        self._runner = asyncio.Runner()

    def send(self, request: Request) -> Response:
        """See `EgressClient.send`."""
        return self._runner.run(self._client.send(request))

    def check(self, url: str) -> None:
        """See `EgressClient.check`."""
        self._runner.run(self._client.check(url))
