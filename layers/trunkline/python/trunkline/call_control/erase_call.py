"""Erasure of a call's personal data; its existence, times and result stay."""

from __future__ import annotations

from dataclasses import dataclass, replace

from trunkline.auth.principal import Principal
from trunkline.calls.access import parse_call_id, require_own
from trunkline.calls.models import Call, Change, NewEvent
from trunkline.calls.repository import CallRepository
from trunkline.calls.transcript_repository import TranscriptRepository
from trunkline.core.clock import Clock
from trunkline.core.errors import CallNotEnded
from trunkline.storage.keys.calls import (
    call_key,
    encrypted_data_key,
    invocation_key,
    simulated_dispatch_key,
    tool_payload_key,
)
from trunkline.storage.keys.item import NUMBER_PK, SK, USER_PK, ItemKey
from trunkline.storage.table import Delete, Table, Update


@dataclass(frozen=True)
class EraseCallService:
    """Erases calls on a tenant's behalf."""

    calls: CallRepository
    table: Table
    clock: Clock

    def erase(self, principal: Principal, call_id: str) -> None:
        """Erase a call's personal data: numbers, user, context, metadata, transcript, summary, variables.

        The call is marked first, so that no further report is accepted. If a later step fails, a repeated
        request completes it.

        Raises:
            NotFound: no such call, or not the principal's.
            CallNotEnded: it has not ended.
        """
        call = require_own(self.calls.load(parse_call_id(call_id)), principal)
        if not call.is_terminal:
            raise CallNotEnded
        now_ms = self.clock.wall_ms()
        self.calls.update(call.id, lambda current: _erased(current, now_ms), now_ms)
        self.table.write(Update(call_key(call.id), remove=[USER_PK, NUMBER_PK]))
        erase_linked_items(self.table, call.id)


def erase_linked_items(table: Table, call_id: str) -> None:
    """Delete a call's linked items: context, variables, transcript, tool results, simulated dispatches."""
    kinds = (encrypted_data_key(call_id, ""), simulated_dispatch_key(call_id))
    for kind in (*kinds, invocation_key(call_id), tool_payload_key(call_id)):
        for item in table.partition(kind):
            table.write(Delete(ItemKey(kind.pk, item[SK])))
    TranscriptRepository(table).erase(call_id)


def _erased(call: Call, now_ms: int) -> Change | None:
    if call.erased_at_ms is not None:
        return None
    blank = replace(
        call,
        phone_number="",
        caller_id="",
        metadata_json="{}",
        user_id=None,
        summary=None,
        agent_end_reason=None,
        agent_turns=(),
        batch_row=call.batch_row and replace(call.batch_row, name=None),
        erased_at_ms=now_ms,
    )
    return Change(blank, (NewEvent("erased"),))
