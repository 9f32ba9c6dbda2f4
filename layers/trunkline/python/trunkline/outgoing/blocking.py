"""The way out for callers that have no event loop of their own."""

from __future__ import annotations

import asyncio

from trunkline.outgoing.client import OutgoingClient
from trunkline.outgoing.messages import Answer, Request


class BlockingClient:
    """One loop for as long as the process lives: closing one waits for name look-ups that hang."""

    def __init__(self, client: OutgoingClient) -> None:
        self._client = client
        self._runner = asyncio.Runner()

    def send(self, request: Request) -> Answer:
        """See `OutgoingClient.send`."""
        return self._runner.run(self._client.send(request))

    def check(self, url: str) -> None:
        """See `OutgoingClient.check`."""
        self._runner.run(self._client.check(url))
