"""Recorder of invocations: in the call's timeline, and optionally with parameters and results."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from trunkline.calls.events import TOOL_EVENT
from trunkline.calls.models import Call, Change, NewEvent, StaleCall
from trunkline.calls.repository import CallRepository
from trunkline.core.clock import Clock
from trunkline.core.json_text import json_text
from trunkline.storage.keys.calls import tool_payload_key
from trunkline.storage.keys.item import SK, TTL
from trunkline.storage.table import Put, Table, TransactionConflict

_MAX_PAYLOAD_LENGTH = 16_000
PAYLOADS = ("params", "result", "answer")


@dataclass(frozen=True)
class InvocationRecorder:
    """Records invocations. A failure is only logged, because the tool has run and the agent needs its result.

    `erase(call_id)` deletes the items linked to a call.
    """

    calls: CallRepository
    table: Table
    clock: Clock
    erase: Callable[[str], None]
    publish_metrics: Callable[[Mapping[str, Any]], None]
    log: Logger

    def record(self, call: Call, details: Mapping[str, Any], payloads: Mapping[str, Any] | None) -> None:
        """Add an invocation to its call's timeline; `payloads` are stored in an item of their own."""
        self.publish_metrics(details)
        logged = {name: value for name, value in details.items() if name != "message"}
        self.log.info("tool used", **logged)
        try:
            if payloads is not None:
                self._store(call, details["invocation_id"], payloads)
            now_ms = self.clock.wall_ms()
            after = self.calls.update(call.id, lambda now: _add_event(now, details), now_ms, known=call)
        except (StaleCall, TransactionConflict, BotoCoreError, ClientError) as error:
            self.log.error("invocation not recorded", cause=type(error).__name__, **logged)
            return
        if after is None or after.erased_at_ms is not None:
            self.erase(call.id)

    def _store(self, call: Call, invocation_id: str, payloads: Mapping[str, Any]) -> None:
        item = tool_payload_key(call.id, invocation_id).as_item()
        item |= {name: _bounded(value) for name, value in payloads.items()}
        self.table.write(Put(item | ({TTL: call.ttl} if call.ttl else {})))


def recorded_payloads(table: Table, call_id: str) -> dict[str, dict[str, Any]]:
    """Return the stored payloads of a call's tools, by invocation."""
    prefix = tool_payload_key(call_id)
    return {
        item[SK].removeprefix(prefix.sk): {name: json.loads(item[name]) for name in PAYLOADS if name in item}
        for item in table.partition(prefix)
    }


def _add_event(call: Call, details: Mapping[str, Any]) -> Change | None:
    return None if call.erased_at_ms is not None else Change(call, (NewEvent(TOOL_EVENT, details),))


def _bounded(value: Any) -> str:
    """Return a value as JSON, or the beginning of a long one as a JSON string."""
    text = json_text(value)
    return text if len(text) <= _MAX_PAYLOAD_LENGTH else json_text(text[:_MAX_PAYLOAD_LENGTH] + "…")
