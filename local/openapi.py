"""Writes `docs/openapi.json` from the models that the routes use; `make openapi`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NotRequired

from pydantic import TypeAdapter
from pydantic.json_schema import models_json_schema
from typing_extensions import TypedDict

from local.config import ROOT
from trunkline.calls.place import OutboundCall
from trunkline.calls.read import AcceptedCall, CallView
from trunkline.dialing.trunk_desk import TrunkChange, TrunkList, TrunkView
from trunkline.http.body import MAX_BODY_BYTES
from trunkline.idempotency import HEADER

FILE = ROOT / "docs" / "openapi.json"
_CALL_ID = {"name": "call_id", "in": "path", "required": True, "schema": {"type": "string"}}
_IDEMPOTENCY_KEY = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": (
        "A repeat within 24 hours makes nothing and gets the first answer, with `Idempotent-Replayed: true`."
    ),
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9_:-]{1,255}$"},
}
_TRUNK_ID = {"name": "trunk_id", "in": "path", "required": True, "schema": {"type": "string"}}
_REF = "#/components/schemas/{model}"


class ErrorBody(TypedDict):
    message: str
    code: int
    type: str
    request_id: str
    field: NotRequired[str]


class Error(TypedDict):
    """Every error's answer; `code` is the HTTP status."""

    error: ErrorBody


def document() -> dict[str, Any]:
    """Build the OpenAPI 3.1 document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Trunkline",
            "version": "1",
            "description": "One HTTPS request rings a phone, with a LiveKit agent on the line.",
        },
        "servers": [{"url": "https://{api}", "variables": {"api": {"default": "api.example.com"}}}],
        "security": [{"apiKey": []}, {"bearer": []}],
        "paths": {
            "/api/v1/calls/outbound": {"post": _create_outbound_call()},
            "/api/v1/calls/{call_id}": {"get": _get_call()},
            "/api/v1/calls/{call_id}/cancel": {"post": _cancel_call()},
            "/api/v1/trunks": {"get": _list_trunks()},
            "/api/v1/trunks/{trunk_id}": {"get": _get_trunk(), "patch": _change_trunk()},
        },
        "components": {"securitySchemes": _security_schemes(), "schemas": _schemas()},
    }


def _create_outbound_call() -> dict[str, Any]:
    body = {"content": _json("OutboundCall"), "required": True}
    errors = {
        "400": "A field is wrong, or the agent can't make calls.",
        "404": "The tenant has no such agent.",
        "409": "The Idempotency-Key was used with another body, or is in use at this moment.",
        "413": f"The body is larger than {MAX_BODY_BYTES} bytes.",
        "500": "LiveKit is not configured, or the call could not be queued: a retry is safe.",
    }
    return {
        "operationId": "createOutboundCall",
        "summary": "Queue a phone call; it is dialled at the trunk's pace.",
        "description": "Needs the scope `calls:create` (or `calls:initiate`, the same right).",
        "parameters": [_IDEMPOTENCY_KEY],
        "requestBody": body,
        "responses": {"201": _answer("The call is queued.", "AcceptedCall")} | _errors(errors),
    }


def _get_call() -> dict[str, Any]:
    return {
        "operationId": "getCall",
        "summary": "Read a call: status, ids, timeline and reasons.",
        "description": "Needs the scope `calls:read`. Another tenant's call is like a missing one.",
        "parameters": [_CALL_ID],
        "responses": {"200": _answer("The call.", "CallView")} | _errors({"404": "No such call."}),
    }


def _cancel_call() -> dict[str, Any]:
    return {
        "operationId": "cancelCall",
        "summary": "Cancel a call, or hang it up.",
        "description": (
            "A waiting call ends at once and never rings; a ringing one gets a CANCEL; an active one is hung "
            "up. While the leg is being removed `cancel_requested` is true. Needs the scope `calls:create`."
        ),
        "parameters": [_CALL_ID],
        "responses": {"200": _answer("The call as it is now.", "CallView")}
        | _errors({"404": "No such call."}),
    }


def _list_trunks() -> dict[str, Any]:
    return {
        "operationId": "listTrunks",
        "summary": "List your trunks: state, pace, calls waiting and in progress.",
        "description": "Counts are of your own calls. Needs the scope `trunks:read`.",
        "responses": {"200": _answer("The trunks.", "TrunkList")} | _errors({}),
    }


def _get_trunk() -> dict[str, Any]:
    return {
        "operationId": "getTrunk",
        "summary": "Read a trunk and its last events.",
        "description": "Needs the scope `trunks:read`.",
        "parameters": [_TRUNK_ID],
        "responses": {"200": _answer("The trunk.", "TrunkView")} | _errors({"404": "No such trunk."}),
    }


def _change_trunk() -> dict[str, Any]:
    errors = {
        "400": "A field is wrong, or above the operator's bound.",
        "403": "The key lacks the scope, or the trunk is shared with other tenants.",
        "404": "No such trunk.",
        "413": f"The body is larger than {MAX_BODY_BYTES} bytes.",
    }
    return {
        "operationId": "changeTrunk",
        "summary": "Pause, resume or bound a trunk that is yours alone.",
        "description": (
            "A running lane takes the change up within 3 s: what was not sent returns to the line, what "
            "rings goes on. null takes a bound of yours away. Needs the scope `trunks:write`."
        ),
        "parameters": [_TRUNK_ID],
        "requestBody": {"content": _json("TrunkChange"), "required": True},
        "responses": {"200": _answer("The trunk as it is now.", "TrunkView")} | _errors(errors),
    }


def _errors(more: dict[str, str]) -> dict[str, Any]:
    common = {"401": "No good API key.", "403": "The key lacks the scope."}
    return {code: _answer(text, "Error") for code, text in sorted((common | more).items())}


def _answer(description: str, schema: str) -> dict[str, Any]:
    return {"description": description, "content": _json(schema)}


def _json(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REF.format(model=schema)}}}


def _security_schemes() -> dict[str, Any]:
    return {
        "apiKey": {"type": "apiKey", "in": "header", "name": "x-api-key"},
        "bearer": {"type": "http", "scheme": "bearer"},
    }


def _schemas() -> dict[str, Any]:
    _, requests = models_json_schema(
        [(OutboundCall, "validation"), (TrunkChange, "validation")], ref_template=_REF
    )
    schemas: dict[str, Any] = dict(requests["$defs"])
    for answer in (AcceptedCall, CallView, TrunkList, TrunkView, Error):
        schema = TypeAdapter(answer).json_schema(mode="serialization", ref_template=_REF)
        schemas |= schema.pop("$defs", {})
        schemas[answer.__name__] = schema
    return dict(sorted(schemas.items()))


def as_text() -> str:
    """The document as it is committed."""
    return json.dumps(document(), indent=2) + "\n"


def main(file: Path = FILE) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(as_text())


if __name__ == "__main__":
    main()
