"""Spellings of phone numbers, by libphonenumber (https://github.com/google/libphonenumber). Pure.

Its import takes 40 ms, which only calls of a number should pay: so it is imported where it is used.
"""

from __future__ import annotations

from functools import lru_cache

_COUNTRY_CODE_LENGTHS = (1, 2, 3)
"""In digits. No country code begins another, so at most one of the three exists."""


@lru_cache(maxsize=4096)
def canonical_number(number: str) -> str:
    """Return the one E.164 spelling of a number: `+4407911123456` and `+447911123456` are one phone.

    Rules are matched on it; the number that was accepted is dialled. What is no phone number stays as it is.
    """
    from phonenumbers import NumberParseException, PhoneNumberFormat, format_number, parse  # noqa: PLC0415

    try:
        return format_number(parse(number), PhoneNumberFormat.E164)
    except NumberParseException:
        return number


def is_possible_number(number: str) -> bool:
    """Tell whether a number's country code exists, with numbers of this length."""
    from phonenumbers import NumberParseException, parse  # noqa: PLC0415
    from phonenumbers import is_possible_number as is_possible  # noqa: PLC0415

    try:
        return is_possible(parse(number))
    except NumberParseException:
        return False


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
    from phonenumbers import NumberParseException, PhoneNumberType, number_type, parse  # noqa: PLC0415

    try:
        return number_type(parse(number)) == PhoneNumberType.PREMIUM_RATE
    except NumberParseException:
        return False
