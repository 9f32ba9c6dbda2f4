"""Recorder of a run's starts: collected in memory, and written once a second for charts."""

from __future__ import annotations

from collections import Counter

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from trunkline.calls.models import Call
from trunkline.statistics.repository import StatisticsRepository


class StartRecorder:
    """Counts INVITEs by trunk, tenant and second. No dial waits for a write, or fails with it."""

    def __init__(self, statistics: StatisticsRepository, log: Logger) -> None:
        self._statistics = statistics
        self._log = log
        self._starts: dict[tuple[str, str], Counter[int]] = {}

    def add(self, call: Call, at_ms: int) -> None:
        """Count an INVITE that leaves now."""
        self._starts.setdefault((call.trunk_id, call.tenant_id), Counter())[at_ms // 1000] += 1

    def flush(self) -> None:
        """Write what was counted; a count that cannot be written is lost, never counted twice."""
        collected, self._starts = self._starts, {}
        for (trunk_id, tenant_id), starts in collected.items():
            try:
                self._statistics.add_starts(trunk_id, tenant_id, starts)
            except (BotoCoreError, ClientError) as error:
                self._log.warning("starts not counted", trunk_id=trunk_id, cause=type(error).__name__)
