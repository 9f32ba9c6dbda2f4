"""Rules for the numbers that may be called. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trunkline.calls.test_numbers import TEST_NUMBERS
from trunkline.compliance.frequency_cap import FrequencyCap
from trunkline.core.phone_numbers import (
    e164_number,
    is_emergency_number,
    is_possible_number,
    is_premium_rate_number,
)
from trunkline.core.stored_fields import known_fields


@dataclass(frozen=True)
class NumberRules:
    """A tenant's rules for numbers.

    Prefixes are beginnings of E.164 numbers (`+49`, `+1900`). Without allowed prefixes all numbers are
    allowed. The longest matching prefix decides, whichever way the number is spelt; a denied prefix wins over
    an equal allowed one.
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
        known = FrequencyCap(**known_fields(FrequencyCap, cap)) if cap else None
        return cls(allowed, denied, suppresses, zone, known)

    def rejection_reason(self, number: str) -> str | None:
        """Return `denied_prefix` or `not_an_allowed_prefix` if the number must not be called, else None."""
        allowed = _longest(self.allowed_prefixes, number)
        denied = _longest(self.denied_prefixes, number)
        if denied and len(denied) >= len(allowed):
            return "denied_prefix"
        return "not_an_allowed_prefix" if self.allowed_prefixes and not allowed else None


def is_always_blocked(number: str) -> str | None:
    """Return why no tenant may call a number: `emergency`, `impossible` or `premium_rate`, else None."""
    if number in TEST_NUMBERS:
        return None
    if is_emergency_number(number):
        return "emergency"
    if not is_possible_number(number):
        return "impossible"
    return "premium_rate" if is_premium_rate_number(number) else None


def _longest(prefixes: tuple[str, ...], number: str) -> str:
    """Return the longest prefix with which a number begins, in either spelling."""
    if not prefixes:
        return ""
    spellings = (number, e164_number(number))
    matching = (prefix for prefix in prefixes if any(each.startswith(prefix) for each in spellings))
    return max(matching, key=len, default="")
