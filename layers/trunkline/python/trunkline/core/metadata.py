"""The metadata of a call: its field type and its limit."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from trunkline.core.json_text import json_bytes

MAX_METADATA_BYTES = 32 * 1024
METADATA_MESSAGE = f"Metadata must be a JSON object of at most {MAX_METADATA_BYTES} bytes"


def _bounded(value: dict[str, Any]) -> dict[str, Any]:
    if json_bytes(value) > MAX_METADATA_BYTES:
        raise ValueError("metadata is too large")
    return value


Metadata = Annotated[
    dict[str, Any], AfterValidator(_bounded), Field(description="Yours; comes back as it was.")
]
