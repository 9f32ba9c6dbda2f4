"""Conversion of a row into a call, or into the fault that prevents it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from trunkline.auth.principal import Actor, Principal
from trunkline.batches.models import PRIORITY, Batch, Row, RowFault
from trunkline.call_control.outbound import OutboundCall, OutboundCallService
from trunkline.call_control.workflow_call_schemas import WorkflowCall
from trunkline.call_control.workflow_calls import WorkflowCallService
from trunkline.call_templates.models import CallKind
from trunkline.call_templates.user_context import TemplateCipher
from trunkline.calls.create_items import call_writes
from trunkline.calls.models import Call
from trunkline.calls.queue_position import QueuePosition
from trunkline.calls.value_objects import BatchRow, Channel
from trunkline.compliance.policy import CompliancePolicy
from trunkline.core.errors import InvalidRequest, LiveKitNotConfigured, TrunklineError
from trunkline.core.redaction import shown_value
from trunkline.core.timestamps import iso_from_ms
from trunkline.core.validation import validated
from trunkline.storage.encryption import DecryptionFailed, EncryptionFailed
from trunkline.storage.item_size import write_bytes
from trunkline.storage.keys.item import TTL
from trunkline.storage.table import Check, Put
from trunkline.templating.size_limits import render_within
from trunkline.templating.templates import TemplateError
from trunkline.tenants.settings import TenantSettingsCache

_MAX_CALL_BODY_BYTES = 256 * 1024


TRANSIENT = (
    BotoCoreError,
    ClientError,
    OSError,
    EncryptionFailed,
    DecryptionFailed,
    LiveKitNotConfigured,
)
"""What says nothing about the row: AWS, the network or the configuration."""

UNUSABLE = RowFault("internal_error", "the row cannot be stored as a call")


@dataclass(frozen=True)
class PreparedRow:
    """A row's call with the other writes and conditions of its transaction, or its fault."""

    row: Row
    call: Call | None = None
    extra_writes: Sequence[Put] = ()
    checks: Sequence[Check] = ()
    fault: RowFault | None = None

    @property
    def actions(self) -> int:
        """Count its actions in a transaction: call, queue entry, event, and the others."""
        return 3 + len(self.extra_writes) + len(self.checks) if self.call else 0

    @property
    def write_bytes(self) -> int:
        """Count the bytes its writes add to a transaction."""
        if self.call is None:
            return 0
        return sum(
            write_bytes(write) for write in (*call_writes(self.call), *self.extra_writes, *self.checks)
        )

    def refused(self, fault: RowFault) -> PreparedRow:
        """Return the row with a fault instead of its call."""
        return PreparedRow(self.row, fault=fault)

    @property
    def required_call(self) -> Call:
        """Return the call; raise `ValueError` if the row has a fault."""
        if self.call is None:
            raise ValueError("a refused row has no call")
        return self.call


@dataclass(frozen=True)
class RowConverter:
    """Converts the rows of one batch."""

    batch: Batch
    templates: TemplateCipher
    outbound: OutboundCallService
    workflow_calls: WorkflowCallService
    compliance: CompliancePolicy
    settings: TenantSettingsCache
    log: Logger

    def convert(self, row: Row) -> PreparedRow:
        """Build a row's call and the writes that go with it, or return its fault.

        Raises:
            LiveKitNotConfigured: no row can be converted now; the import is tried again. The same holds for
                the others of `TRANSIENT`.
        """
        return self._guarded(row, self._converted)

    def inspect(self, row: Row) -> PreparedRow:
        """Build a row's call without those writes, or return its fault; raises as `convert` does."""
        return self._guarded(row, lambda row, body: self._built(row, body)[0])

    def _guarded(self, row: Row, convert: Callable[[Row, Mapping[str, Any]], PreparedRow]) -> PreparedRow:
        """Convert a row; whatever is wrong with it, the rows behind it go on."""
        if row.fault:
            return PreparedRow(row, fault=row.fault)
        body: Mapping[str, Any] = {}
        try:
            body = render_within(
                self._template, {"row": row.values}, _MAX_CALL_BODY_BYTES, "the body of the call"
            )
            return convert(row, body)
        except TRANSIENT:
            raise
        except TemplateError as error:
            return PreparedRow(row, fault=RowFault("missing_value", error.message))
        except TrunklineError as error:
            return PreparedRow(row, fault=RowFault(error.type, error.message, _shown(body, error.field)))
        except Exception as error:  # noqa: BLE001 - a row that nothing can be made of must not stop the others
            self.log.error("row not converted", batch_id=self.batch.id, cause=type(error).__name__)
            return PreparedRow(row, fault=UNUSABLE)

    def _converted(self, row: Row, body: Mapping[str, Any]) -> PreparedRow:
        prepared, context = self._built(row, body)
        call = prepared.required_call
        kept = {TTL: call.ttl} if call.ttl else {}
        writes = self.workflow_calls.user_contexts.writes(call, context)
        return replace(prepared, extra_writes=[replace(put, item=put.item | kept) for put in writes])

    def _built(self, row: Row, body: Mapping[str, Any]) -> tuple[PreparedRow, dict[str, Any]]:
        call, context = self._call(body)
        call = self._in_batch(call, row)
        return PreparedRow(row, call, checks=self.compliance.conditions(call)), context

    def _call(self, body: Mapping[str, Any]) -> tuple[Call, dict[str, Any]]:
        if self.batch.kind is CallKind.OUTBOUND:
            request = validated(OutboundCall, self._with_defaults(body, "expiresAt"))
            return self.outbound.build(self._principal, request, source="batch"), {}
        wanted = validated(WorkflowCall, self._with_defaults(body, "expires_at"))
        call = self.workflow_calls.build(self._principal, wanted, source="batch")
        if call.channel is not Channel.PHONE:
            raise InvalidRequest("Validation error: a batch calls by phone workflows alone")
        return call, wanted.user_context

    def _with_defaults(self, body: Mapping[str, Any], deadline: str) -> dict[str, Any]:
        found = {"priority": PRIORITY, **body}
        if self.batch.ends_at_ms:
            found = {deadline: iso_from_ms(self.batch.ends_at_ms), **found}
        return found

    def _in_batch(self, call: Call, row: Row) -> Call:
        batch, call_id = self.batch, self.batch.call_id(row.number)
        place = QueuePosition(call.tenant_id, call.priority, True, batch.arrived_us(row.number), call_id)
        return replace(
            call,
            id=call_id,
            batch_row=BatchRow(batch.id, row.number, row.name, row.line),
            queue_position=place.key,
            ttl=self.settings.get(call.tenant_id).ttl(call.latest_end_ms),
        )

    @cached_property
    def _template(self) -> dict[str, Any]:
        return self.templates.reveal(self.batch)

    @cached_property
    def _principal(self) -> Principal:
        batch = self.batch
        actor = Actor("batch", batch.id, batch.name, "", batch.id)
        return Principal(batch.tenant_id, batch.livemode, frozenset(), actor=actor)


def _shown(body: Mapping[str, Any], field: str | None) -> str | None:
    """Return the refused value, if it is a text or a number."""
    value = body.get(field) if field else None
    return shown_value(str(value)) if isinstance(value, str | int | float) else None
