"""Parsing and validation of JSON request bodies."""

from __future__ import annotations

import base64
from typing import Any

from trunkline.core.errors import InvalidRequest, RequestTooLarge
from trunkline.core.field_names import MAX_SHOWN_NAME
from trunkline.core.json_text import parse_json, repeated_name
from trunkline.core.validation import Model, validated

MAX_REQUEST_BYTES = 256 * 1024
_MAX_DEPTH = 32
_NOT_JSON = "Validation error: Request body must be valid JSON"


def read_body(model: type[Model], body: str | None, *, is_base64: bool) -> Model:
    """Parse and validate a body.

    Raises:
        RequestTooLarge: over `MAX_REQUEST_BYTES`.
        InvalidRequest: bad UTF-8, malformed JSON, a number out of range, too deep nesting, or a
            value that the model rejects.
    """
    return validated(model, read_object(body, is_base64=is_base64))


def read_object(body: str | None, *, is_base64: bool) -> dict[str, Any]:
    """Parse a body that must be a JSON object; its fields are not checked.

    Raises:
        RequestTooLarge: over `MAX_REQUEST_BYTES`.
        InvalidRequest: bad UTF-8, malformed JSON, a number out of range, too deep nesting, or not an
            object.
    """
    return parse_object(read_bytes(body or "", is_base64=is_base64))


def parse_object(raw: bytes) -> dict[str, Any]:
    """Parse bytes that must be a JSON object; raises as `read_object`."""
    if len(raw) > MAX_REQUEST_BYTES:
        raise RequestTooLarge(f"Request body is larger than {MAX_REQUEST_BYTES} bytes")
    try:
        values = parse_json(raw)
    except ValueError as error:
        raise InvalidRequest(_NOT_JSON) from error
    if not isinstance(values, dict):
        raise InvalidRequest("Validation error: Request body must be a JSON object")
    if _deeper_than(values, _MAX_DEPTH):
        raise InvalidRequest(f"Validation error: Request body is nested deeper than {_MAX_DEPTH} levels")
    if (name := repeated_name(raw)) is not None:
        raise InvalidRequest(f"Validation error: {name[:MAX_SHOWN_NAME]} is in the request body twice")
    return values


def read_bytes(body: str, *, is_base64: bool) -> bytes:
    """Return a body as it was sent; raises `InvalidRequest` if it is not base64."""
    try:
        return base64.b64decode(body, validate=True) if is_base64 else body.encode()
    except ValueError as error:
        raise InvalidRequest(_NOT_JSON) from error


def _deeper_than(value: Any, levels: int) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return False
    return levels == 0 or any(_deeper_than(entry, levels - 1) for entry in value)
