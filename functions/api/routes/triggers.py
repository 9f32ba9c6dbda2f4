"""Routes of triggers and of the events that start calls through them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from trunkline.auth.scopes import Scope
from trunkline.http_api.routing import RouteGroup
from trunkline.triggers.event_handler import EventSource
from trunkline.triggers.schemas import (
    ReceivedList,
    TakenEvent,
    TriggerList,
    TriggerSpec,
    TriggerView,
    TriggerWithSecret,
)

from ..auth import ApiRequest
from ..bootstrap.automations import trigger_event_handler, trigger_service
from ..crud_routes import CrudResource, Texts, add_crud_routes


class TriggerEvent(BaseModel):
    """Any JSON object; the trigger's templates select what they need."""

    model_config = ConfigDict(extra="allow")


group = RouteGroup(not_found="No such trigger.")
add_crud_routes(
    group,
    CrudResource(
        name="triggers",
        label="Trigger",
        key="trigger_id",
        spec=TriggerSpec,
        view=TriggerView,
        list_view=TriggerList,
        created=TriggerWithSecret,
        service=trigger_service,
        listing=Texts("List your triggers."),
        creation=Texts(
            "Create a trigger: another system's webhook starts calls. Only this response has the secret.",
            errors={
                400: "A field is not valid, or you have no such workflow.",
                409: "You have reached your limit of triggers, or the Idempotency-Key is in use.",
            },
            returns="The trigger and its secret.",
        ),
        reading=Texts("Read a trigger."),
        change=Texts("Change some fields; takes effect at the next event."),
        deletion=Texts("Delete a trigger."),
        example={
            "name": "signups",
            "body": {"workflow_slug": "daily-checkin", "user_id": "{{event.user.id}}"},
        },
        example_change={"when": "event.type == 'signup'"},
    ),
)


@group.post("/api/v1/triggers/{trigger_id}/rotate-secret", scope=Scope.TRIGGERS_WRITE)
def rotate_trigger_secret(request: ApiRequest, trigger_id: str) -> TriggerWithSecret:
    """Replace a trigger's secret; the old one stops working at once."""
    return trigger_service().rotate(request.principal, trigger_id)


@group.get("/api/v1/triggers/{trigger_id}/events", scope=Scope.TRIGGERS_READ)
def list_trigger_events(request: ApiRequest, trigger_id: str) -> ReceivedList:
    """List the outcomes of the latest events: called, duplicate, ignored or refused, with the reason."""
    return trigger_service().received(request.principal, trigger_id)


@group.post(
    "/api/v1/triggers/{trigger_id}/events",
    public=True,
    idempotent=False,
    status=202,
    returns="The outcome.",
    body_schema=TriggerEvent,
    example={"id": "signup-4711", "type": "signup", "user": {"id": "user_1"}},
    errors={
        400: "The event is not a JSON object, or lacks a value that the call needs.",
        401: "There is no such trigger, or the event is not authenticated.",
        403: "The number must not be called.",
        404: "The workflow or agent no longer exists.",
        409: "The same event is being processed.",
        413: "The event is too large.",
        500: "The call could not be queued: send the event again.",
    },
)
def take_trigger_event(request: ApiRequest, trigger_id: str) -> TakenEvent:
    """Send an event: any JSON object, authenticated with the trigger's secret.

    Sign it as our webhooks are signed (`X-Webhook-Signature`, or Standard Webhooks), or send the secret as
    `Authorization: Bearer`. An event id starts one call, however often it is sent. Errors are those of the
    call that the event asks for.
    """
    http = request.http
    source = EventSource(http.source_ip, http.request_id)
    return trigger_event_handler().handle(trigger_id, http.headers, http.body_bytes(), source)
