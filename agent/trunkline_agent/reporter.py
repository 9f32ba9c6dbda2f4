"""Who reports on a call: its name, its numbers, and the requests that it sends."""

from __future__ import annotations

import uuid
from typing import Any

from trunkline_agent.connection import Connection
from trunkline_agent.metrics import AgentMetrics
from trunkline_agent.responses import ATTEMPT_OVER, INVALID_REQUEST, Refused


class Reporter:
    """Sends reports under a name of its own: a job that is sent in again must not use numbers twice."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.name = uuid.uuid4().hex
        self._sequence = 0

    def next(self) -> int:
        """Return the number of the next report that has one."""
        self._sequence += 1
        return self._sequence

    def go_on_at(self, sequence: int) -> None:
        """Go on counting at a number, unless it has been passed."""
        self._sequence = max(self._sequence, sequence - 1)

    async def send(self, *reports: dict[str, Any]) -> None:
        """Send reports in one request."""
        await self._connection.request("POST", "reports", {"reporter": self.name, "reports": list(reports)})

    async def end(self, reason: str, metrics: AgentMetrics | None) -> None:
        """Report the end, and the figures with it; an attempt that is over needs no end.

        Raises:
            Refused: Trunkline takes no reports from this agent.
        """
        end = {"type": "ended", "reason": reason}
        figures = [{"type": "metrics", **metrics}] if metrics else []
        try:
            await self.send(*figures, end)
        except Refused as error:
            if figures and error.type == INVALID_REQUEST:  # a Trunkline that knows no figures
                await self.send(end)
            elif error.type != ATTEMPT_OVER:
                raise
