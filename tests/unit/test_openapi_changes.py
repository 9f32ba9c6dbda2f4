"""Which changes of the API break a client of the last release."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from audit.openapi import DOCUMENT
from audit.openapi_changes import breaking_changes, without_texts
from audit.tools import ROOT

Edit = Callable[[dict[str, Any]], Any]

CALL = {"$ref": "#/components/schemas/Call"}
DOCUMENT_BEFORE: dict[str, Any] = {
    "paths": {
        "/calls": {
            "post": {
                "operationId": "createCall",
                "parameters": [
                    {"name": "wait", "in": "query", "schema": {"type": "integer", "maximum": 25}},
                ],
                "requestBody": {
                    "required": False,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Body"}}},
                },
                "responses": {
                    "201": {
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Call"}}}
                    },
                    "400": {
                        "content": {
                            "application/json": {
                                "schema": {"type": "object", "properties": {"error": {"type": "string"}}}
                            }
                        }
                    },
                },
            }
        }
    },
    "webhooks": {
        "call.started": {
            "post": {
                "requestBody": {
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Call"}}}
                }
            }
        }
    },
    "components": {
        "schemas": {
            "Body": {
                "type": "object",
                "properties": {
                    "kind": {"type": "string", "pattern": "^(web|phone)$"},
                    "name": {"type": "string", "maxLength": 100},
                    "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                    "rows": {"type": "array", "items": {"$ref": "#/components/schemas/Row"}},
                },
                "required": ["kind"],
            },
            "Row": {"type": "object", "properties": {"phone": {"type": "string"}}},
            "Call": {
                "type": "object",
                "properties": {
                    "id": {"type": "string"},
                    "status": {"type": "string", "enum": ["queued"]},
                },
                "required": ["id", "status"],
            },
        }
    },
}


def _post(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["paths"]["/calls"]["post"]
    return found


def _fields(document: dict[str, Any], schema: str) -> dict[str, Any]:
    found: dict[str, Any] = document["components"]["schemas"][schema]["properties"]
    return found


def _name_error(document: dict[str, Any], properties: dict[str, Any]) -> None:
    schema = {"type": "object", "properties": properties}
    document["components"]["responses"] = {"Bad": {"content": {"application/json": {"schema": schema}}}}
    _post(document)["responses"]["400"] = {"$ref": "#/components/responses/Bad"}


BREAKING: dict[str, tuple[Edit, str]] = {
    "an operation": (lambda new: new["paths"].clear(), "operation-removed"),
    "its id": (lambda new: _post(new).update(operationId="makeCall"), "operation-id"),
    "a parameter": (lambda new: _post(new)["parameters"].clear(), "parameter-removed"),
    "a parameter's limit": (
        lambda new: _post(new)["parameters"][0]["schema"].update(maximum=10),
        "request-limit",
    ),
    "a parameter's type": (
        lambda new: _post(new)["parameters"][0].update(schema={"type": "string"}),
        "request-type",
    ),
    "a new required parameter": (
        lambda new: _post(new)["parameters"].append(
            {"name": "key", "in": "header", "required": True, "schema": {"type": "string"}}
        ),
        "parameter-required",
    ),
    "a body": (lambda new: _post(new)["requestBody"].update(required=True), "body"),
    "a response": (lambda new: _post(new)["responses"].clear(), "response-removed"),
    "a field of a request": (lambda new: _fields(new, "Body").pop("name"), "request-field-removed"),
    "a field of a row": (lambda new: _fields(new, "Row").pop("phone"), "request-field-removed"),
    "a required field": (
        lambda new: new["components"]["schemas"]["Body"]["required"].append("name"),
        "request-field-required",
    ),
    "a length": (lambda new: _fields(new, "Body")["name"].update(maxLength=50), "request-limit"),
    "a new limit": (lambda new: _fields(new, "Body")["rows"].update(maxItems=10), "request-limit"),
    "a pattern": (lambda new: _fields(new, "Body")["name"].update(pattern="^a"), "request-pattern"),
    "null in a request": (lambda new: _fields(new, "Body").update(note={"type": "string"}), "request-type"),
    "a value of a request": (
        lambda new: _fields(new, "Body").update(kind={"type": "string", "enum": ["web"]}),
        "request-values",
    ),
    "a field of a response": (lambda new: _fields(new, "Call").pop("id"), "response-field-removed"),
    "a field that may be missing": (
        lambda new: new["components"]["schemas"]["Call"]["required"].remove("id"),
        "response-field-optional",
    ),
    "null in a response": (
        lambda new: _fields(new, "Call").update(id={"anyOf": [{"type": "string"}, {"type": "null"}]}),
        "response-type",
    ),
    "a type of a response": (
        lambda new: _fields(new, "Call").update(id={"type": "integer"}),
        "response-type",
    ),
    "a field of an error that has a name": (lambda new: _name_error(new, {}), "response-field-removed"),
    "a webhook": (lambda new: new["webhooks"].clear(), "webhook-removed"),
}

HARMLESS: dict[str, Edit] = {
    "nothing": lambda new: new,
    "a name for an error": lambda new: _name_error(new, {"error": {"type": "string"}}),
    "a new operation": lambda new: new["paths"].update({"/trunks": {}}),
    "a new field of a request": lambda new: _fields(new, "Body").update(more={"type": "string"}),
    "a new field of a response": lambda new: _fields(new, "Call").update(more={"type": "string"}),
    "a new value of a response": lambda new: _fields(new, "Call")["status"]["enum"].append("active"),
    "a wider limit": lambda new: _fields(new, "Body")["name"].update(maxLength=200),
    "values in place of their pattern": lambda new: _fields(new, "Body").update(
        kind={"type": "string", "enum": ["phone", "web"]}
    ),
    "null in a request, too": lambda new: _fields(new, "Body").update(
        name={"anyOf": [{"type": "string", "maxLength": 100}, {"type": "null"}]}
    ),
}


@pytest.mark.parametrize("name", BREAKING)
def test_a_change_that_breaks_clients_is_found(name: str) -> None:
    edit, rule = BREAKING[name]
    new = copy.deepcopy(DOCUMENT_BEFORE)
    edit(new)
    assert {change.rule for change in breaking_changes(DOCUMENT_BEFORE, new)} == {rule}


@pytest.mark.parametrize("name", HARMLESS)
def test_a_change_that_breaks_nothing_is_not_found(name: str) -> None:
    new = copy.deepcopy(DOCUMENT_BEFORE)
    HARMLESS[name](new)
    assert breaking_changes(DOCUMENT_BEFORE, new) == []


def test_texts_are_left_out_and_fields_of_their_names_are_not() -> None:
    document = json.loads((ROOT / DOCUMENT).read_text())
    kept = without_texts(document)
    assert "summary" not in kept["paths"]["/api/v1/calls"]["get"]
    fields = kept["components"]["schemas"]["ToolSpec"]["properties"]
    assert set(fields) == {"name", "description", "config", "record_bodies"}
    assert "description" not in fields["name"]
    assert breaking_changes(document, kept) == breaking_changes(kept, document) == []
