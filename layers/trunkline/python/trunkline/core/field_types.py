"""Field types that several request schemas share."""

from __future__ import annotations

from functools import cache
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field

from trunkline.core.timestamps import moment_ms
from trunkline.core.validation import E164

_NO_ZONES = frozenset({"Factory", "localtime"})
"""Names in the database that say "not set", and "as this computer": EventBridge Scheduler has neither."""


@cache
def _zones() -> frozenset[str]:
    """Read the names once: it opens 600 files, and each row of a batch may have a window."""
    return frozenset(available_timezones()) - _NO_ZONES


def _zone(value: str) -> str:
    if value not in _zones():
        raise ValueError("not an IANA time zone")
    return value


def _timestamp(value: str) -> str:
    moment_ms(value)
    return value


Zone = Annotated[str, AfterValidator(_zone)]
Moment = Annotated[str, AfterValidator(_timestamp), Field(json_schema_extra={"format": "date-time"})]
MAX_SPEED = 100
SPEED_MESSAGE = f"must be a number from 1 to {MAX_SPEED}, with a test key"
TestSpeed = Annotated[
    float,
    Field(
        ge=1, le=MAX_SPEED, description="Test keys only: speed of the simulation, as a multiple of real time."
    ),
]


Number = Annotated[str, Field(pattern=E164)]
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]*$")]
