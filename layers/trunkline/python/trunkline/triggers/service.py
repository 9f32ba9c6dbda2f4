"""Use cases of triggers: their secrets and events, beside those of all resources."""

from __future__ import annotations

import secrets as random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from trunkline.auth.principal import Principal
from trunkline.auth.resource_service import ResourceService
from trunkline.call_templates.create_call import TemplateTargets
from trunkline.call_templates.models import CallKind
from trunkline.call_templates.user_context import TemplateCipher, changed_with_context
from trunkline.core.clock import Clock
from trunkline.core.errors import InvalidRequest
from trunkline.storage.encryption import EnvelopeCipher, context_for_trigger
from trunkline.templating.templates import parse
from trunkline.triggers.models import Trigger
from trunkline.triggers.repository import TriggerRepository
from trunkline.triggers.schemas import (
    ReceivedList,
    TriggerSpec,
    TriggerView,
    TriggerWithSecret,
    received_view,
    trigger_view,
)
from trunkline.webhooks.signing import generate_secret

MAX_TRIGGERS = 50
_SECRET_BYTES = 24
_SHOWN_EVENTS = 100


@dataclass(frozen=True)
class TriggerService(ResourceService[Trigger, TriggerSpec, TriggerView]):
    """A tenant's triggers of the key's mode; a change takes effect at the next event."""

    label = "Trigger"
    max_count = MAX_TRIGGERS
    schema = TriggerSpec

    repository: TriggerRepository
    targets: TemplateTargets
    cipher: EnvelopeCipher
    clock: Clock
    api_url: str

    def create(self, principal: Principal, spec: TriggerSpec) -> TriggerWithSecret:
        """Create a trigger and its secret, which cannot be read again.

        Raises:
            LimitReached: the tenant has reached `max_count`.
            InvalidRequest: it names a workflow that the tenant does not have.
        """
        self._require_creatable(principal, spec)
        trigger, secret = self._with_new_secret(self._build(principal, spec, None))
        return {**self._view(self._insert(principal, trigger)), "secret": secret}

    def rotate(self, principal: Principal, trigger_id: str) -> TriggerWithSecret:
        """Replace the secret at once."""
        before = self.require(principal, trigger_id)
        after, secret = self._with_new_secret(replace(before, updated_at_ms=self.clock.wall_ms()))
        saved = self.repository.replace(before, after, self._writes(principal, "secret_rotated", before))
        return {**self._view(saved), "secret": secret}

    def received(self, principal: Principal, trigger_id: str) -> ReceivedList:
        """List the outcomes of a trigger's latest events, newest first."""
        trigger = self.require(principal, trigger_id)
        found = self.repository.received(trigger.id, _SHOWN_EVENTS)
        return {"data": [received_view(event) for event in found], "next_cursor": None}

    def _count(self, principal: Principal) -> int:
        return self.repository.count(principal.tenant_mode, MAX_TRIGGERS)

    def _build(self, principal: Principal, spec: TriggerSpec, before: Trigger | None) -> Trigger:
        now_ms = self.clock.wall_ms()
        trigger_id = before.id if before else f"trg_{uuid.uuid4().hex[:20]}"
        hidden = TemplateCipher(self.cipher).hide(principal.tenant_id, trigger_id, spec.body, before)
        self._require_useful(principal, spec, before, hidden.body_json)
        return Trigger(
            id=trigger_id,
            tenant_id=principal.tenant_id,
            livemode=principal.livemode,
            name=spec.name,
            description=spec.description,
            enabled=spec.enabled,
            kind=CallKind(spec.kind),
            body_json=hidden.body_json,
            user_context=hidden.user_context,
            when=spec.when,
            event_id=spec.event_id,
            secret=before.secret if before else b"",
            version=before.version if before else 1,
            created_at_ms=before.created_at_ms if before else now_ms,
            updated_at_ms=now_ms,
        )

    def _require_useful(
        self, principal: Principal, spec: TriggerSpec, before: Trigger | None, body_json: str
    ) -> None:
        """Check what is new or takes effect again: a trigger whose workflow is gone can still be disabled."""
        enables = spec.enabled and not (before and before.enabled)
        if before is None or enables or (before.kind, before.body_json) != (spec.kind, body_json):
            self.targets.require_template(principal, CallKind(spec.kind), spec.body)
        if (before is None or before.event_id != spec.event_id) and not any(parse(spec.event_id).expressions):
            # All events would have this one id, and all but the first would be lost.
            text = "Validation error: event_id needs a template, such as {{event.id}}"
            raise InvalidRequest(text, field="event_id")

    def _changed_fields(self, before: Trigger, after: Trigger) -> Sequence[str]:
        return changed_with_context(super()._changed_fields(before, after), before, after)

    def _with_new_secret(self, trigger: Trigger) -> tuple[Trigger, str]:
        secret = generate_secret(random.token_bytes(_SECRET_BYTES))
        context = context_for_trigger(trigger.tenant_id, trigger.id)
        return replace(trigger, secret=self.cipher.encrypt(context, {"secret": secret})), secret

    def _view(self, resource: Trigger) -> TriggerView:
        return trigger_view(resource, self.api_url)
