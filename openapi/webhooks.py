"""Section `webhooks` of the document: the requests that Trunkline sends, one for each type of event."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from openapi.examples import EVENTS, example_of
from openapi.schemas import Schemas
from trunkline.webhooks.events import EventType
from trunkline.webhooks.payload_schemas import DATA_TYPES, WebhookPayload

_SENT_WHEN = {
    EventType.CALL_STARTED: "The call was accepted.",
    EventType.CALL_CONNECTED: "Person and agent are both there.",
    EventType.CALL_COMPLETED: "The call ended normally.",
    EventType.CALL_FAILED: "The call failed, timed out or was cancelled, also when it never connected.",
    EventType.CALL_DISCONNECTED: "An answered call lost its connection or its agent.",
    EventType.CALL_AGENT_CHANGED: "Another agent took over the call.",
    EventType.TRUNK_PAUSED: "One of your trunks stopped dialling.",
    EventType.TRUNK_RESUMED: "One of your trunks started dialling again.",
    EventType.WEBHOOK_DISABLED: "Another of your webhooks was disabled.",
    EventType.WEBHOOK_PING: "You asked for a test ping.",
}
_HEADERS = {
    "X-Webhook-Signature": "`t=…,v1=…`: Unix time, and HMAC-SHA256 of `{t}.{body}` in hexadecimal.",
    "webhook-id": "The event's id.",
    "webhook-timestamp": "Unix time of the request.",
    "webhook-signature": "Signatures of Standard Webhooks.",
}
COMMON_SCHEMAS = ("WebhookPayload", "WebhookEvent")
"""Schemas that are in the document only as those of each type."""

MODELS = [WebhookPayload, *dict.fromkeys(DATA_TYPES.values())]


def event_schemas(schemas: Schemas) -> Schemas:
    """Return a schema of the body and one of the event for each type, made from those of all types."""
    made: Schemas = {}
    for kind, data in DATA_TYPES.items():
        body, event = copy.deepcopy(schemas["WebhookPayload"]), copy.deepcopy(schemas["WebhookEvent"])
        name = _name(kind)
        body |= {"title": f"{name}Payload", "description": f"`{kind}`: {_SENT_WHEN[kind]}"}
        body["properties"]["event"] |= {"$ref": f"#/components/schemas/{name}Event"}
        event |= {"title": f"{name}Event"}
        event["properties"]["type"] |= {"enum": [kind.value]}
        event["properties"]["data"] = {
            "$ref": f"#/components/schemas/{data.__name__}",
            "description": event["properties"]["data"]["description"],
        }
        made |= {f"{name}Payload": body, f"{name}Event": event}
    return made


def webhooks(schemas: Mapping[str, Any]) -> dict[str, Any]:
    """Return the section (OpenAPI 3.1, 4.8.1)."""
    return {kind.value: {"post": _operation(kind, schemas)} for kind in EventType}


def _operation(kind: EventType, schemas: Mapping[str, Any]) -> dict[str, Any]:
    payload = f"{_name(kind)}Payload"
    media = {
        "schema": {"$ref": f"#/components/schemas/{payload}"},
        "example": _example(kind, schemas),
    }
    return {
        "operationId": f"receive{_name(kind)}",
        "tags": ["Webhooks"],
        "summary": _SENT_WHEN[kind],
        "description": "Signed, and sent again for days until the answer is 2xx: `docs/webhooks.md`.",
        "security": [],
        "parameters": [_header(name, text) for name, text in _HEADERS.items()],
        "requestBody": {"required": True, "content": {"application/json": media}},
        "responses": {
            "2XX": {"description": "Received."},
            "410": {"description": "Send no more: the webhook is disabled."},
            "default": {"description": "Not received: it is sent again."},
        },
    }


def _header(name: str, text: str) -> dict[str, Any]:
    schema = {"type": "string"}
    return {"name": name, "in": "header", "required": True, "description": text, "schema": schema}


def _example(kind: EventType, schemas: Mapping[str, Any]) -> dict[str, Any]:
    event = example_of("WebhookEvent", schemas)
    event |= {"type": kind.value, "data": example_of(DATA_TYPES[kind].__name__, schemas) | EVENTS[kind]}
    if not kind.startswith("call."):
        event["sequence"] = None
    return example_of("WebhookPayload", schemas) | {"event": event}


def _name(kind: EventType) -> str:
    return "".join(word.capitalize() for word in kind.value.split("."))
