"""The time zones in which a callee may be, by the phone number. Pure: it reads tables of its libraries alone.

Sources: the time zones of libphonenumber, https://github.com/google/libphonenumber, by prefix of the number;
`zone.tab` of the IANA time zone database, https://www.iana.org/time-zones, by country; for area codes that
were added to older ones, the planning letters of the North American Numbering Plan, https://nanpa.com.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from trunkline.core.phone_numbers import canonical_number, parsed_number

_OVERLAYS = {"1364": "1270", "1367": "1418", "1448": "1850", "1458": "1541", "1581": "1418", "1729": "1423"}
_OVERLAYS |= {"1236": "1250", "1672": "1250", "1778": "1250", "1930": "1812", "1986": "1208"}
"""Area codes of a place in two time zones that share the place of an older one (overlays)."""

_NORTH_AMERICA = 1
_AREA_CODE_DIGITS = 4
"""Digits of an area code of the North American Numbering Plan, with the country code."""


def zones_of(phone_number: str) -> tuple[str, ...]:
    """Return the time zones in which a number may be; none if they are unknown."""
    # 20 MB of tables: only calls with a window pay for them.
    from phonenumbers import (  # noqa: PLC0415
        COUNTRY_CODE_TO_REGION_CODE,
        region_code_for_number,
    )
    from phonenumbers.timezone import time_zones_for_number  # noqa: PLC0415

    number = parsed_number(phone_number)
    if number is None:
        return ()
    zones = _known(time_zones_for_number(number))
    country_code = number.country_code or 0
    is_shared = len(COUNTRY_CODE_TO_REGION_CODE.get(country_code, ())) > 1
    if not zones or (is_shared and zones == _listed(str(country_code))):
        # A code that countries share tells nothing: the number's own country does.
        return _zones_of_region(region_code_for_number(number))
    if country_code != _NORTH_AMERICA:
        return zones
    digits = canonical_number(phone_number).lstrip("+")
    is_known_exchange = any(_listed(digits[:length]) for length in range(_AREA_CODE_DIGITS + 1, len(digits)))
    return zones if is_known_exchange else _zones_of_area(digits[:_AREA_CODE_DIGITS]) or zones


@cache
def _zones_of_area(area_code: str) -> tuple[str, ...]:
    """Return the zones of all exchanges of an area code: libphonenumber names one zone for those it does
    not know, and a phone would ring an hour early."""
    from phonenumbers.tzdata import TIMEZONE_DATA  # noqa: PLC0415

    area_codes = (area_code, _OVERLAYS.get(area_code, area_code))
    return tuple(
        sorted(
            {
                zone
                for prefix, zones in TIMEZONE_DATA.items()
                if prefix.startswith(area_codes)
                for zone in zones
            }
        )
    )


def _listed(prefix: str) -> tuple[str, ...]:
    from phonenumbers.tzdata import TIMEZONE_DATA  # noqa: PLC0415

    return _known(TIMEZONE_DATA.get(prefix, ()))


def _known(zones: Iterable[str]) -> tuple[str, ...]:
    from phonenumbers.timezone import UNKNOWN_TIMEZONE  # noqa: PLC0415

    return tuple(sorted(zone for zone in zones if zone != UNKNOWN_TIMEZONE))


@cache
def _zones_of_region(region: str | None) -> tuple[str, ...]:
    """Return the zones of a country; lines of `zone.tab` are country, coordinates and zone."""
    from importlib.resources import files  # noqa: PLC0415

    lines = files("tzdata.zoneinfo").joinpath("zone.tab").read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return _known(row[2] for row in rows if row[0] == region)
