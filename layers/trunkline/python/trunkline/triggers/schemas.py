"""Request and response schemas of triggers."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field, field_validator
from typing_extensions import TypedDict

from trunkline.call_templates.models import CallKind
from trunkline.call_templates.schemas import begin_with, template_of
from trunkline.call_templates.shown_body import shown_body
from trunkline.core.timestamps import iso_from_ms
from trunkline.core.validation import InputModel
from trunkline.tools.actions import Query
from trunkline.triggers.models import ReceivedEvent, Trigger


class TriggerSpec(InputModel):
    """A trigger: `body` is the body of `POST /calls` (`kind` workflow), `/calls/outbound` or
    `/calls/schedule`, with `{{event.…}}` in it.

    `when` is a JMESPath expression: if its result is false or empty, the event is ignored. `event_id` is a
    template: events with the same id create one call.
    """

    messages: ClassVar[dict[str, str]] = {
        "kind": f"kind must be one of {', '.join(CallKind)}",
        "enabled": "enabled must be true or false",
    }

    name: Annotated[str, Field(min_length=1, max_length=100)]
    description: Annotated[str, Field(max_length=500)] = ""
    enabled: bool = True
    kind: Annotated[str, Field(pattern="^(workflow|outbound|schedule)$")] = "workflow"
    body: dict[str, Any]
    when: Query | None = None
    event_id: Annotated[str, Field(min_length=1, max_length=500)] = "{{event.id}}"

    @field_validator("body")
    @classmethod
    def _templates(cls, value: dict[str, Any]) -> dict[str, Any]:
        return template_of("event", value)

    @field_validator("event_id")
    @classmethod
    def _template(cls, value: str) -> str:
        begin_with("event", value, "event_id")
        return value


class TriggerView(TypedDict):
    """A trigger; `url` is where its events are sent."""

    id: str
    version: int
    name: str
    description: str
    enabled: bool
    kind: str
    body: dict[str, Any]
    when: str | None
    event_id: str
    livemode: bool
    url: str
    created_at: str
    updated_at: str


class TriggerWithSecret(TriggerView):
    """A trigger with its secret, which only this response has."""

    secret: str


class TriggerList(TypedDict):
    data: list[TriggerView]
    next_cursor: str | None


class ReceivedView(TypedDict):
    """The outcome of an event: called, duplicate, ignored (by `when`) or refused, with the reason."""

    at: str
    outcome: str
    event_id: str | None
    call_id: str | None
    error: str | None


class ReceivedList(TypedDict):
    data: list[ReceivedView]
    next_cursor: str | None


class TakenEvent(TypedDict):
    """The outcome of an event, as its sender sees it."""

    outcome: str
    call_id: str | None


def trigger_view(trigger: Trigger, api_url: str) -> TriggerView:
    return {
        "id": trigger.id,
        "version": trigger.version,
        "name": trigger.name,
        "description": trigger.description,
        "enabled": trigger.enabled,
        "kind": trigger.kind.value,
        "body": shown_body(trigger),
        "when": trigger.when,
        "event_id": trigger.event_id,
        "livemode": trigger.livemode,
        "url": f"{api_url}/api/v1/triggers/{trigger.id}/events",
        "created_at": iso_from_ms(trigger.created_at_ms),
        "updated_at": iso_from_ms(trigger.updated_at_ms),
    }


def received_view(received: ReceivedEvent) -> ReceivedView:
    """Show what came of an event."""
    return {
        "at": iso_from_ms(received.at_ms),
        "outcome": received.outcome.value,
        "event_id": received.event_id,
        "call_id": received.call_id,
        "error": received.error,
    }
