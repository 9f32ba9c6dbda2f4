"""Examples of responses: of each schema what its own fields are, the rest is made of those of others.

`$like` in an example names the schema whose example it begins with.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trunkline.core import errors
from trunkline.http_api.error_mapping import error_response, unexpected_error_response
from trunkline.http_api.request_body import MAX_REQUEST_BYTES
from trunkline.http_api.responses import Response

_FOLDER = Path(__file__).parent
_REF = "#/components/schemas/"
_REQUEST_ID = "f3b1c8a2-6f0e-4a57-9d3b-2c7e5a914d60"


def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((_FOLDER / f"{name}.json").read_text())
    return found


AREAS = ("calls", "definitions", "automation", "access", "agents", "payloads")
COMMON = _read("common")
EVENTS = _read("events")
"""Of each type of event, in what its data differs from the example of their schema."""

GIVEN = {schema: fields for area in AREAS for schema, fields in _read(area).items()}
_ERRORS: tuple[Exception, ...] = (
    errors.InvalidRequest("Validation error: priority must be a whole number from 0 to 10", field="priority"),
    errors.InvalidApiKey(),
    errors.MissingScope("calls:create"),
    errors.NotFound("Call not found"),
    errors.VersionConflict(),
    errors.RequestTooLarge(f"Request body is larger than {MAX_REQUEST_BYTES} bytes"),
    errors.QueueFull(10_000),
    errors.LiveKitFailed(),
    errors.ServiceUnavailable(),
    RuntimeError(),
)
"""One for each status of responses; the last one is what nobody foresaw."""

_AGENT_ERRORS = (errors.InvalidAgentToken(), errors.CallMismatch())


def example_of(name: str, schemas: Mapping[str, Any]) -> dict[str, Any]:
    """Return an example of a schema, without fields that are optional and not given.

    Raises:
        KeyError: there is no value for a required field.
    """
    given = GIVEN.get(name, {})
    known = {**(example_of(given["$like"], schemas) if "$like" in given else {}), **given}
    schema, made = schemas[name], {}
    for field, value in schema["properties"].items():
        if field in known:
            made[field] = known[field]
        elif inner := _referenced(value):
            entry = example_of(inner, schemas)
            made[field] = [entry] if value.get("type") == "array" else entry
        elif field in COMMON:
            made[field] = COMMON[field]
        elif field in schema.get("required", ()):
            raise KeyError(f"{name}.{field} has no example")
    return made


def _referenced(value: Mapping[str, Any]) -> str | None:
    """Return the schema that a field has: itself, as an entry, or beside null."""
    for option in (value, value.get("items", {}), *value.get("anyOf", ())):
        if "$ref" in option:
            return str(option["$ref"]).removeprefix(_REF)
    return None


def error_examples() -> dict[str, Any]:
    """Return an example of an error for each HTTP status, as the API answers it."""
    answers = [_answer_to(error) for error in _ERRORS]
    to_agents = [_answer_to(error) for error in _AGENT_ERRORS]
    return {f"Error{answer.status}": answer.body for answer in answers} | {
        f"AgentError{answer.status}": answer.body for answer in to_agents
    }


def _answer_to(error: Exception) -> Response:
    if isinstance(error, errors.TrunklineError):
        return error_response(error, _REQUEST_ID)
    return unexpected_error_response(error, _REQUEST_ID)
