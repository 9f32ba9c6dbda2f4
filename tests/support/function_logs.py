"""What the deployed functions wrote to their logs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from local.deployment import client
from local.stack import Stack


@dataclass(frozen=True, order=True)
class LogLine:
    """One line of a function's log group."""

    at_ms: int
    function: str
    text: str

    @property
    def fields(self) -> dict[str, Any]:
        """The fields of a structured line; the runtime's own lines have none."""
        return dict(json.loads(self.text)) if self.text.startswith("{") else {}


def log_lines(stack: Stack, since_ms: int, functions: Iterable[str] | None = None) -> list[LogLine]:
    """Every line since a moment, oldest first; of these functions alone if some are named."""
    logs = client(stack.config, "logs")
    pages = logs.get_paginator("describe_log_groups").paginate()
    groups = [group["logGroupName"] for page in pages for group in page["logGroups"]]
    named = None if functions is None else set(functions)
    found: list[LogLine] = []
    for group in groups:
        function = group.rsplit("/", 1)[-1]
        if named is None or function in named:
            parts = logs.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=since_ms)
            events = (event for part in parts for event in part["events"])
            found += [
                LogLine(event["timestamp"], function, event["message"].rstrip("\n")) for event in events
            ]
    return sorted(found)
