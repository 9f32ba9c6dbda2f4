"""Triggers on a tenant's behalf: list, create, change, delete, and rotate their secrets."""

from __future__ import annotations

import json
import secrets as random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from trunkline.auth.audit_log import audit_write, changed_fields
from trunkline.auth.principal import Principal
from trunkline.call_templates.create_call import require_workflow
from trunkline.call_templates.models import CallKind
from trunkline.core.clock import Clock
from trunkline.core.errors import LimitReached, NotFound
from trunkline.core.validation import spec_values, validated
from trunkline.storage.encryption import EnvelopeCipher, context_for_trigger
from trunkline.storage.table import Put
from trunkline.triggers.models import Trigger
from trunkline.triggers.repository import TriggerRepository
from trunkline.triggers.schemas import (
    ReceivedList,
    TriggerList,
    TriggerSpec,
    TriggerView,
    TriggerWithSecret,
    received_view,
    trigger_view,
)
from trunkline.webhooks.signing import generate_secret
from trunkline.workflows.repository import WorkflowRepository

MAX_TRIGGERS = 50


_SECRET_BYTES = 24


_SHOWN = 100


@dataclass(frozen=True)
class TriggerService:
    """Keeps a tenant's triggers, those of the key's mode."""

    triggers: TriggerRepository
    workflows: WorkflowRepository
    cipher: EnvelopeCipher
    clock: Clock
    api_url: str

    def list(self, principal: Principal) -> TriggerList:
        """The tenant's triggers, by name."""
        found = sorted(self.triggers.all(principal.tenant_mode), key=lambda trigger: trigger.name)
        return {"data": [self._view(each) for each in found], "next_cursor": None}

    def get(self, principal: Principal, trigger_id: str) -> TriggerView:
        """One trigger; `NotFound` if the tenant has none of that id."""
        return self._view(self._own(principal, trigger_id))

    def create(self, principal: Principal, spec: TriggerSpec) -> TriggerWithSecret:
        """Make a trigger; its secret can't be read again.

        Raises:
            LimitReached: the tenant has as many as it may.
            InvalidRequest: it names a workflow that the tenant has not.
        """
        if self.triggers.count(principal.tenant_mode, MAX_TRIGGERS) >= MAX_TRIGGERS:
            raise LimitReached(f"A tenant may have {MAX_TRIGGERS} triggers")
        now_ms, trigger_id = self.clock.wall_ms(), f"trg_{uuid.uuid4().hex[:20]}"
        secret = generate_secret(random.token_bytes(_SECRET_BYTES))
        blank = Trigger(
            id=trigger_id,
            tenant_id=principal.tenant_id,
            livemode=principal.livemode,
            name=spec.name,
            description="",
            enabled=True,
            kind=CallKind.WORKFLOW,
            body_json="{}",
            when=None,
            event_id="",
            secret=self._sealed(principal.tenant_id, trigger_id, secret),
            version=1,
            created_at_ms=now_ms,
            updated_at_ms=now_ms,
        )
        trigger = self._as_wished(principal, blank, spec)
        self.triggers.create(principal.tenant_mode, trigger, [self._noted(principal, "created", trigger)])
        return {**self._view(trigger), "secret": secret}

    def change(self, principal: Principal, trigger_id: str, changes: Mapping[str, Any]) -> TriggerView:
        """Change some fields; it counts for the next event.

        Raises:
            NotFound: the tenant has none of that id.
            InvalidRequest: a field is wrong.
            VersionConflict: another request was quicker.
        """
        before = self._own(principal, trigger_id)
        spec = validated(TriggerSpec, {**spec_values(TriggerSpec, self._view(before)), **changes})
        after = replace(self._as_wished(principal, before, spec), updated_at_ms=self.clock.wall_ms())
        changed = set(changed_fields(self._view(before), self._view(after))) - {"updated_at"}
        if not changed:
            return self._view(before)
        noted = audit_write(principal, self.clock.wall_ms(), "trigger.changed", before.id, changed)
        return self._view(self.triggers.save(after, [noted]))

    def delete(self, principal: Principal, trigger_id: str) -> None:
        """Delete a trigger: its events are refused from then on."""
        trigger = self._own(principal, trigger_id)
        self.triggers.delete(principal.tenant_mode, trigger, [self._noted(principal, "deleted", trigger)])

    def rotate(self, principal: Principal, trigger_id: str) -> TriggerWithSecret:
        """Put a new secret in the old one's place, at once."""
        before, secret = self._own(principal, trigger_id), generate_secret(random.token_bytes(_SECRET_BYTES))
        sealed = self._sealed(before.tenant_id, before.id, secret)
        after = replace(before, secret=sealed, updated_at_ms=self.clock.wall_ms())
        saved = self.triggers.save(after, [self._noted(principal, "secret_rotated", before)])
        return {**self._view(saved), "secret": secret}

    def received(self, principal: Principal, trigger_id: str) -> ReceivedList:
        """What came of a trigger's last events, newest first."""
        trigger = self._own(principal, trigger_id)
        found = self.triggers.received(trigger.id, _SHOWN)
        return {"data": [received_view(each) for each in found], "next_cursor": None}

    def _own(self, principal: Principal, trigger_id: str) -> Trigger:
        found = self.triggers.load(principal.tenant_mode, trigger_id)
        if found is None:
            raise NotFound("Trigger not found")
        return found

    def _as_wished(self, principal: Principal, trigger: Trigger, spec: TriggerSpec) -> Trigger:
        if spec.kind == CallKind.WORKFLOW:
            require_workflow(self.workflows, principal, spec.body)
        return replace(
            trigger,
            name=spec.name,
            description=spec.description,
            enabled=spec.enabled,
            kind=CallKind(spec.kind),
            body_json=json.dumps(spec.body),
            when=spec.when,
            event_id=spec.event_id,
        )

    def _sealed(self, tenant_id: str, trigger_id: str, secret: str) -> bytes:
        return self.cipher.encrypt(context_for_trigger(tenant_id, trigger_id), {"secret": secret})

    def _noted(self, principal: Principal, what: str, trigger: Trigger) -> Put:
        return audit_write(principal, self.clock.wall_ms(), f"trigger.{what}", trigger.id)

    def _view(self, trigger: Trigger) -> TriggerView:
        return trigger_view(trigger, self.api_url)
