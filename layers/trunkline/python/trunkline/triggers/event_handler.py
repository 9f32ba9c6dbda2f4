"""Handling of inbound events: authenticate, filter, deduplicate, create the call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from trunkline.auth.principal import Actor, Principal
from trunkline.call_templates.create_call import CreateCall
from trunkline.call_templates.errors import RETRYABLE_ERRORS
from trunkline.call_templates.models import EventOutcome
from trunkline.call_templates.user_context import TemplateCipher
from trunkline.core.clock import Clock
from trunkline.core.errors import (
    BadSignature,
    InvalidRequest,
    TrunklineError,
)
from trunkline.core.json_text import require_json
from trunkline.storage.encryption import EnvelopeCipher, context_for_trigger
from trunkline.storage.idempotency import IdempotencyKey
from trunkline.templating.jmespath_query import search
from trunkline.templating.size_limits import render_within
from trunkline.templating.templates import TemplateError, parse, render
from trunkline.triggers.authentication import verify_request
from trunkline.triggers.models import ReceivedEvent, Trigger
from trunkline.triggers.repository import TriggerRepository
from trunkline.triggers.schemas import TakenEvent

_MAX_RECORDED_ID = 200
_MAX_CALL_BODY_BYTES = 256 * 1024


@dataclass(frozen=True)
class EventSource:
    """Where an event came from."""

    address: str
    request_id: str


@dataclass(frozen=True)
class TriggerEventHandler:
    """Handles the events of all tenants; the trigger names the tenant.

    `read` parses a body or raises `InvalidRequest`; `count` counts an authenticated event or raises
    `RateLimited`; `on_principal` is called with the event's principal.
    An event id creates one call within 24 hours; a refused event may be sent again.
    """

    triggers: TriggerRepository
    cipher: EnvelopeCipher
    create_call: CreateCall
    read: Callable[[bytes], dict[str, Any]]
    count: Callable[[Trigger], None]
    clock: Clock
    log: Logger
    on_principal: Callable[[Principal], None] = lambda _: None

    def handle(
        self, trigger_id: str, headers: Mapping[str, str], body: bytes, source: EventSource
    ) -> TakenEvent:
        """Handle one event.

        Raises:
            BadSignature: there is no such trigger, it is disabled, or the event is not authenticated.
            RateLimited: the trigger or its tenant received too many events; it is not recorded.
            TrunklineError: why the call cannot be created; the reason is recorded for the trigger's owner.
        """
        trigger = self._authenticated(trigger_id, headers, body)
        self.count(trigger)
        return self._run(trigger, source, lambda: self.read(body))

    def handle_from_bus(
        self, trigger_id: str, event: dict[str, Any], source: EventSource
    ) -> TakenEvent | None:
        """Handle an event of the deployment's own bus, whose senders IAM authenticates.

        Return None if there is no such trigger, it is disabled, or the event was refused, which is recorded.

        Raises:
            TrunklineError: the failure may pass, and the bus sends the event again.
        """
        trigger = self.triggers.find(trigger_id)
        if trigger is None or not trigger.enabled:
            self.log.warning("event for no trigger", trigger_id=trigger_id[:40])
            return None
        self.count(trigger)
        try:
            return self._run(trigger, source, lambda: _checked(event))
        except RETRYABLE_ERRORS:
            raise
        except TrunklineError:
            return None

    def _run(self, trigger: Trigger, source: EventSource, read: Callable[[], dict[str, Any]]) -> TakenEvent:
        actor = Actor("trigger", trigger.id, trigger.name, source.address, source.request_id)
        principal = Principal(trigger.tenant_id, trigger.livemode, frozenset(), actor=actor)
        self.on_principal(principal)
        try:
            return self._create(trigger, principal, read())
        except TemplateError as error:
            self._record_refusal(trigger, error.message)
            raise InvalidRequest(f"Validation error: {error.message}") from error
        except TrunklineError as error:
            self._record_refusal(trigger, error.message)
            raise

    def _create(self, trigger: Trigger, principal: Principal, event: dict[str, Any]) -> TakenEvent:
        if trigger.when and not search(trigger.when, event):
            return self._record_outcome(trigger, EventOutcome.IGNORED)
        event_id = render(parse(trigger.event_id), {"event": event})
        if not event_id.strip():
            # All events without an id would be one event, and all but the first would be lost.
            raise InvalidRequest("Validation error: event_id is empty")
        template = TemplateCipher(self.cipher).reveal(trigger)
        call_body = render_within(template, {"event": event}, _MAX_CALL_BODY_BYTES, "the body of the call")
        admitted = self.create_call(
            principal, trigger.kind, call_body, IdempotencyKey.of_event(f"trigger#{trigger.id}", event_id)
        )
        outcome = EventOutcome.DUPLICATE if admitted.replayed else EventOutcome.CALLED
        return self._record_outcome(trigger, outcome, event_id, admitted.call.id)

    def _authenticated(self, trigger_id: str, headers: Mapping[str, str], body: bytes) -> Trigger:
        trigger = self.triggers.find(trigger_id)
        if trigger is None or not trigger.enabled:
            raise BadSignature
        decrypted = self.cipher.decrypt(context_for_trigger(trigger.tenant_id, trigger.id), trigger.secret)
        if not verify_request(headers, body, decrypted["secret"], self.clock.wall_ms() / 1000):
            raise BadSignature
        return trigger

    def _record_outcome(
        self, trigger: Trigger, outcome: EventOutcome, event_id: str | None = None, call_id: str | None = None
    ) -> TakenEvent:
        recorded_id = event_id and event_id[:_MAX_RECORDED_ID]
        self._record(ReceivedEvent(trigger.id, self.clock.wall_ms(), outcome, recorded_id, call_id))
        return {"outcome": outcome.value, "call_id": call_id}

    def _record_refusal(self, trigger: Trigger, why: str) -> None:
        self._record(ReceivedEvent(trigger.id, self.clock.wall_ms(), EventOutcome.REFUSED, error=why))

    def _record(self, received: ReceivedEvent) -> None:
        """Record an outcome; the call is decided by then, so a failure is only logged."""
        try:
            self.triggers.record(received)
        except (BotoCoreError, ClientError) as error:
            self.log.error("event not recorded", trigger_id=received.trigger_id, cause=type(error).__name__)


def _checked(event: dict[str, Any]) -> dict[str, Any]:
    """Return an event that Lambda's runtime parsed; it lets numbers out of range and lone surrogates through.

    Raises:
        InvalidRequest: the event has one.
    """
    try:
        require_json(event)
    except ValueError as error:
        raise InvalidRequest("Validation error: the event is not valid JSON") from error
    return event
