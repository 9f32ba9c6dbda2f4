"""The routes under `/api/v1/triggers`."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from local.openapi.route import Route
from trunkline.http_api.responses import Deleted
from trunkline.triggers.schemas import (
    ReceivedList,
    TakenEvent,
    TriggerList,
    TriggerSpec,
    TriggerView,
    TriggerWithSecret,
)


class TriggerEvent(BaseModel):
    """Whatever its sender says; the trigger's templates name what they need of it."""

    model_config = ConfigDict(extra="allow")


_READ, _WRITE = "triggers:read", "triggers:write"
_NO_TRIGGER = {"404": "No such trigger."}
_RACED = {"409": "Another request changed it meanwhile: read it and try again."}

TRIGGERS = (
    Route("get", "/api/v1/triggers", "listTriggers", "List your triggers.", _READ, TriggerList),
    Route(
        "post",
        "/api/v1/triggers",
        "createTrigger",
        "Have another system's webhook start calls; the answer has the secret, this once.",
        _WRITE,
        TriggerWithSecret,
        status=201,
        means="The trigger and its secret.",
        takes=TriggerSpec,
        errors={
            "400": "A field is wrong, or the workflow is not yours.",
            "409": "You have as many as you may, or the Idempotency-Key is in use.",
        },
    ),
    Route(
        "get",
        "/api/v1/triggers/{trigger_id}",
        "getTrigger",
        "Read a trigger.",
        _READ,
        TriggerView,
        errors=_NO_TRIGGER,
    ),
    Route(
        "patch",
        "/api/v1/triggers/{trigger_id}",
        "changeTrigger",
        "Change some fields; it counts for the next event.",
        _WRITE,
        TriggerView,
        takes=TriggerSpec,
        partial=True,
        errors=_NO_TRIGGER | _RACED,
    ),
    Route(
        "delete",
        "/api/v1/triggers/{trigger_id}",
        "deleteTrigger",
        "Delete a trigger.",
        _WRITE,
        Deleted,
        errors=_NO_TRIGGER,
    ),
    Route(
        "post",
        "/api/v1/triggers/{trigger_id}/rotate-secret",
        "rotateTriggerSecret",
        "Put a new secret in the old one's place, at once.",
        _WRITE,
        TriggerWithSecret,
        errors=_NO_TRIGGER,
    ),
    Route(
        "get",
        "/api/v1/triggers/{trigger_id}/events",
        "listTriggerEvents",
        "See what came of the last events: called, duplicate, ignored or refused, and why.",
        _READ,
        ReceivedList,
        errors=_NO_TRIGGER,
    ),
    Route(
        "post",
        "/api/v1/triggers/{trigger_id}/events",
        "takeTriggerEvent",
        "Send an event: any JSON object, proven with the trigger's secret.",
        "",
        TakenEvent,
        status=202,
        means="What came of it.",
        takes=TriggerEvent,
        more="Signed as our webhooks are (`X-Webhook-Signature`, or Standard Webhooks), or with the secret "
        "itself as `Authorization: Bearer`. The same event id makes one call. Errors are those of the "
        "call that it asks for.",
        once=False,
        public=True,
        errors={
            "400": "The event is no JSON object, or lacks what the call needs.",
            "401": "There is no such trigger, or the event is not proven.",
            "403": "The number may not be called.",
            "404": "The workflow or agent is gone.",
            "409": "The same event is at work.",
            "413": "The event is too large.",
            "500": "The call could not be queued: send it again.",
        },
    ),
)
