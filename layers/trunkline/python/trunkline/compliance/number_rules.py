"""Which numbers may be called at all. Pure.

Source: libphonenumber's metadata on emergency and premium-rate numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trunkline.compliance.frequency_cap import FrequencyCap


@dataclass(frozen=True)
class NumberRules:
    """Prefixes of E.164 numbers (`+49`, `+1900`): without allowed ones all are; the longest that fits counts,
    and of two that are the same the denied one. `suppresses`: there is, or was, a suppression list; `cap`:
    how often a number may be rung; `default_timezone`: where a callee is taken to be of whose number that is
    not known."""

    allowed_prefixes: tuple[str, ...] = ()
    denied_prefixes: tuple[str, ...] = ()
    suppresses: bool = False
    default_timezone: str | None = None
    cap: FrequencyCap | None = None

    @classmethod
    def parse(cls, item: Mapping[str, Any]) -> NumberRules:
        """Read stored rules."""
        allowed, denied = (tuple(item.get(name, ())) for name in ("allowed_prefixes", "denied_prefixes"))
        cap = item.get("frequency_cap")
        zone, suppresses = item.get("default_timezone"), bool(item.get("suppresses"))
        return cls(allowed, denied, suppresses, zone, FrequencyCap(**cap) if cap else None)

    def why_not(self, number: str) -> str | None:
        """Why a number may not be called: `denied_prefix`, `not_an_allowed_prefix`; None if it may."""
        allowed = _longest(self.allowed_prefixes, number)
        denied = _longest(self.denied_prefixes, number)
        if denied and len(denied) >= len(allowed):
            return "denied_prefix"
        return "not_an_allowed_prefix" if self.allowed_prefixes and not allowed else None


def is_always_blocked(number: str) -> str | None:
    """`emergency` or `premium_rate` for numbers that nobody may have called; None for all others."""
    # 40 ms of import and tables: only who calls a number pays for it.
    from phonenumbers import (  # noqa: PLC0415
        NumberParseException,
        PhoneNumberType,
        is_emergency_number,
        number_type,
        parse,
        region_code_for_country_code,
    )

    try:
        parsed = parse(number)
    except NumberParseException:
        return None
    region = region_code_for_country_code(parsed.country_code or 0)
    if is_emergency_number(str(parsed.national_number), region):
        return "emergency"
    return "premium_rate" if number_type(parsed) == PhoneNumberType.PREMIUM_RATE else None


def _longest(prefixes: tuple[str, ...], number: str) -> str:
    return max((each for each in prefixes if number.startswith(each)), key=len, default="")
