"""Writes down what tools did: in the call's story, and, where its owner wants it, with what was said."""

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
from trunkline.storage.keys.calls import tool_payload_key
from trunkline.storage.keys.item import SK, TTL
from trunkline.storage.table import Put, Table, TransactionConflict

_MAX_BODY = 16_000
BODIES = ("params", "result", "answer")


@dataclass(frozen=True)
class InvocationRecorder:
    """Notes invocations. The work is done by then: a note that fails is logged, and the agent is answered.

    `erase` deletes what is kept beside a call; `measured` counts.
    """

    calls: CallRepository
    table: Table
    clock: Clock
    erase: Callable[[str], None]
    measured: Callable[[Mapping[str, Any]], None]
    log: Logger

    def note(self, call: Call, told: Mapping[str, Any], bodies: Mapping[str, Any] | None) -> None:
        """Put an invocation into its call's story; `bodies` are kept beside it, to go when it is erased."""
        self.measured(told)
        logged = {name: value for name, value in told.items() if name != "message"}
        self.log.info("tool used", **logged)
        try:
            if bodies is not None:
                self._keep(call, told["invocation_id"], bodies)
            now_ms = self.clock.wall_ms()
            after = self.calls.update(call.id, lambda now: _told(now, told), now_ms, known=call)
        except (StaleCall, TransactionConflict, BotoCoreError, ClientError) as error:
            self.log.error("invocation not noted", cause=type(error).__name__, **logged)
            return
        if after is None or after.erased_at_ms is not None:
            self.erase(call.id)

    def _keep(self, call: Call, invocation_id: str, bodies: Mapping[str, Any]) -> None:
        item = tool_payload_key(call.id, invocation_id).as_item()
        item |= {name: _bounded(value) for name, value in bodies.items()}
        self.table.write(Put(item | ({TTL: call.ttl} if call.ttl else {})))


def recorded_payloads(table: Table, call_id: str) -> dict[str, dict[str, Any]]:
    """The bodies that are kept of a call's tools, by invocation."""
    prefix = tool_payload_key(call_id)
    return {
        item[SK].removeprefix(prefix.sk): {name: json.loads(item[name]) for name in BODIES if name in item}
        for item in table.partition(prefix)
    }


def _told(call: Call, told: Mapping[str, Any]) -> Change | None:
    return None if call.erased_at_ms is not None else Change(call, (NewEvent(TOOL_EVENT, told),))


def _bounded(value: Any) -> str:
    """The value as JSON; the beginning of it, as a text, where it is long."""
    text = json.dumps(value)
    return text if len(text) <= _MAX_BODY else json.dumps(text[:_MAX_BODY] + "…")
