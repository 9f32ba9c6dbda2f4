"""Spellings of phone numbers, by libphonenumber (https://github.com/google/libphonenumber). Pure.

Its import takes 40 ms, which only calls of a number should pay: so it is imported where it is used.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

_COUNTRY_CODE_LENGTHS = (1, 2, 3)
"""In digits. No country code begins another, so at most one of the three exists."""


@lru_cache(maxsize=4096)
def parsed_number(number: str) -> PhoneNumber | None:
    """Parse a number in E.164; what is no phone number is None. The result is shared: do not change it."""
    from phonenumbers import NumberParseException, parse  # noqa: PLC0415

    try:
        return parse(number)
    except NumberParseException:
        return None


def canonical_number(number: str) -> str:
    """Return the one E.164 spelling of a number: `+4407911123456` and `+447911123456` are one phone.

    Rules are matched on it; the number that was accepted is dialled. What is no phone number stays as it is.
    """
    from phonenumbers import PhoneNumberFormat, format_number  # noqa: PLC0415

    parsed = parsed_number(number)
    return format_number(parsed, PhoneNumberFormat.E164) if parsed else number


def is_possible_number(number: str) -> bool:
    """Tell whether a number's country code exists, with numbers of this length."""
    from phonenumbers import is_possible_number as is_possible  # noqa: PLC0415

    parsed = parsed_number(number)
    return parsed is not None and is_possible(parsed)


def is_emergency_number(number: str) -> bool:
    """Tell whether a number, without its country code, calls for help in a country with that code."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE  # noqa: PLC0415
    from phonenumbers import is_emergency_number as is_emergency_in  # noqa: PLC0415

    digits = number.lstrip("+")
    return any(
        is_emergency_in(text, region)
        for code in (digits[:length] for length in _COUNTRY_CODE_LENGTHS)
        for region in COUNTRY_CODE_TO_REGION_CODE.get(int(code), ())
        # Australia's 000 needs its zeros, and Germany's 0112 is 112.
        for text in {digits[len(code) :], digits[len(code) :].lstrip("0")}
    )


def is_premium_rate_number(number: str) -> bool:
    """Tell whether a call to a number costs the caller more than an ordinary one."""
    from phonenumbers import PhoneNumberType, number_type  # noqa: PLC0415

    parsed = parsed_number(number)
    return parsed is not None and number_type(parsed) == PhoneNumberType.PREMIUM_RATE
