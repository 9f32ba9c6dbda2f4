"""Names of time zones: what EventBridge and Python both know."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from trunkline.core.field_types import Zone

ZONE: TypeAdapter[str] = TypeAdapter(Zone)


@pytest.mark.parametrize(
    "name", ["Factory", "localtime", "posixrules", "europe/berlin", "../UTC", "", "UTC "]
)
def test_what_names_no_zone_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="not an IANA time zone"):
        ZONE.validate_python(name)


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"])
def test_zones_of_places_are_accepted(name: str) -> None:
    assert ZONE.validate_python(name) == name
