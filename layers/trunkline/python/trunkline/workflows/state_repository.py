"""Encrypted workflow states of calls, changed by optimistic concurrency."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from boto3.dynamodb.conditions import Attr

from trunkline.calls.models import Call
from trunkline.calls.report_schemas import MAX_VARIABLES_BYTES
from trunkline.core.errors import StateTooLarge
from trunkline.core.json_text import json_bytes, json_text
from trunkline.storage.encryption import EnvelopeCipher, context_for_call
from trunkline.storage.keys.calls import encrypted_data_key
from trunkline.storage.keys.item import TTL
from trunkline.storage.table import ABSENT, ConditionFailed, Put, Table
from trunkline.workflows.repository import WorkflowRepository
from trunkline.workflows.state import WorkflowState

_MAX_TRIES = 10


@dataclass(frozen=True)
class WorkflowStateRepository:
    """Workflow states; the initial one is that of the call's workflow."""

    table: Table
    cipher: EnvelopeCipher
    workflows: WorkflowRepository

    def load(self, call: Call) -> WorkflowState:
        """Read a call's state: one GetItem and one Decrypt, or the workflow."""
        return self._read(call)[0]

    def change(
        self, call: Call, decide: Callable[[WorkflowState], WorkflowState | None]
    ) -> WorkflowState | None:
        """Change a call's state; a decision of None changes nothing, and returns None.

        Raises:
            StateTooLarge: it would be larger than `MAX_VARIABLES_BYTES`.
            ConditionFailed: others changed it at every try; nothing was written.
        """
        for number in range(_MAX_TRIES):
            before, revision = self._read(call)
            after = decide(before)
            if after is None:
                return None
            try:
                self._write(call, after, revision)
            except ConditionFailed:
                if number == _MAX_TRIES - 1:
                    raise
                continue
            return after
        raise AssertionError("unreachable")

    def _read(self, call: Call) -> tuple[WorkflowState, int]:
        item = self.table.get(encrypted_data_key(call.id, "VARIABLES"))
        if item is None:
            return WorkflowState(self._initial(call)), 0
        content = self.cipher.decrypt(context_for_call(call.tenant_id, call.id), bytes(item["ciphertext"]))
        counts = json.loads(item["counts_json"]) if "counts_json" in item else {"": item["sequence"]}
        state = WorkflowState(content["reported"], content["saved"], item.get("claim", call.claim), counts)
        return state, item["revision"]

    def _initial(self, call: Call) -> dict[str, Any]:
        if call.workflow is None:
            return {}
        workflow = self.workflows.version(call.tenant_id, call.workflow.slug, call.workflow.version)
        return workflow.variables if workflow else {}

    def _write(self, call: Call, state: WorkflowState, revision: int) -> None:
        if json_bytes(state.values) > MAX_VARIABLES_BYTES:
            raise StateTooLarge(f"The workflow's state would be larger than {MAX_VARIABLES_BYTES} bytes")
        content = {"reported": dict(state.reported), "saved": dict(state.saved)}
        item: dict[str, Any] = encrypted_data_key(call.id, "VARIABLES").as_item()
        item |= {"claim": state.claim, "counts_json": json_text(state.counts), "revision": revision + 1}
        item["ciphertext"] = self.cipher.encrypt(context_for_call(call.tenant_id, call.id), content)
        unchanged = Attr("revision").eq(revision) if revision else ABSENT
        self.table.write(Put(item | ({TTL: call.ttl} if call.ttl else {}), unchanged))
