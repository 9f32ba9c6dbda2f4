"""Rules for the numbers that may be called. Pure.

Source: the metadata of libphonenumber about emergency and premium-rate numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trunkline.compliance.frequency_cap import FrequencyCap


@dataclass(frozen=True)
class NumberRules:
    """A tenant's rules for numbers.

    Prefixes are beginnings of E.164 numbers (`+49`, `+1900`). Without allowed prefixes all numbers are
    allowed. The longest matching prefix decides; a denied prefix wins over an equal allowed one.
    `suppresses` is true once the tenant has suppressed a number. `default_timezone` is used for callees
    without a time zone of their own, `cap` is the frequency cap.
    """

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

    def rejection_reason(self, number: str) -> str | None:
        """Return `denied_prefix` or `not_an_allowed_prefix` if the number must not be called, else None."""
        allowed = _longest(self.allowed_prefixes, number)
        denied = _longest(self.denied_prefixes, number)
        if denied and len(denied) >= len(allowed):
            return "denied_prefix"
        return "not_an_allowed_prefix" if self.allowed_prefixes and not allowed else None


def is_always_blocked(number: str) -> str | None:
    """Return `emergency` or `premium_rate` for numbers that no tenant may call, else None."""
    # Imported here because it takes 40 ms, which only calls of a number should pay.
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
    return max((prefix for prefix in prefixes if number.startswith(prefix)), key=len, default="")
