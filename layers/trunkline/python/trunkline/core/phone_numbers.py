"""Spellings of phone numbers, by libphonenumber (https://github.com/google/libphonenumber). Pure.

Its import takes 40 ms, which only calls of a number should pay: so it is imported where it is used.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from trunkline.core.number_plans import earlier_spellings, other_spellings, without_mobile_digit

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

_COUNTRY_CODE_LENGTHS = (1, 2, 3)
"""In digits. No country code begins another, so at most one of the three exists."""

_CACHED_NUMBERS = 4096


@lru_cache(maxsize=_CACHED_NUMBERS)
def parsed_number(number: str) -> PhoneNumber | None:
    """Parse a number in E.164; what is no phone number is None. The result is shared: do not change it."""
    from phonenumbers import NumberParseException, parse  # noqa: PLC0415

    try:
        return parse(number)
    except NumberParseException:
        return None


@lru_cache(maxsize=_CACHED_NUMBERS)
def e164_number(number: str) -> str:
    """Return a number as it is written today, in E.164; what is no phone number stays as it is.

    `+4407911123456` is `+447911123456`, and Mexico's older `+5215512345678` is `+525512345678`
    (`number_plans`).
    """
    from phonenumbers import PhoneNumberFormat, format_number  # noqa: PLC0415

    parsed = parsed_number(number)
    if parsed is None:
        return number
    written = format_number(parsed, PhoneNumberFormat.E164)
    if _exists(written):
        return written
    return next(filter(_exists, other_spellings(written, parsed.country_code or 0)), written)


def canonical_number(number: str) -> str:
    """Return the one spelling by which numbers are compared; in it, an Argentine mobile has no 9.

    The number that was accepted is dialled.
    """
    written = e164_number(number)
    return without_mobile_digit(written) or written


def stored_numbers(number: str) -> tuple[str, ...]:
    """Return the canonical number, then others under which an earlier version may have stored it.

    Most numbers have no others.
    """
    from phonenumbers import PhoneNumberFormat, format_number  # noqa: PLC0415

    canonical, parsed = canonical_number(number), parsed_number(number)
    written = format_number(parsed, PhoneNumberFormat.E164) if parsed else number
    return tuple(dict.fromkeys((canonical, written, *earlier_spellings(canonical))))


def is_possible_number(number: str) -> bool:
    """Tell whether a number's country code exists, with numbers of this length.

    A length that is dialled within a town alone is not possible: no call from abroad reaches it.
    """
    from phonenumbers import ValidationResult, is_possible_number_with_reason  # noqa: PLC0415

    parsed = parsed_number(number)
    return parsed is not None and is_possible_number_with_reason(parsed) == ValidationResult.IS_POSSIBLE


def is_emergency_number(number: str) -> bool:
    """Tell whether a number, without its country code, calls for help in a country with that code.

    Further digits change nothing, for switches ignore them, unless the whole is a number that exists.
    """
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, connects_to_emergency_number  # noqa: PLC0415
    from phonenumbers import is_emergency_number as is_emergency_in  # noqa: PLC0415

    digits, exists = number.lstrip("+"), _exists(canonical_number(number))
    is_emergency = is_emergency_in if exists else connects_to_emergency_number
    return any(
        is_emergency(text, region)
        for code in (digits[:length] for length in _COUNTRY_CODE_LENGTHS)
        for region in COUNTRY_CODE_TO_REGION_CODE.get(int(code), ())
        # Australia's 000 needs its zeros, and Germany's 0112 is 112.
        for text in {digits[len(code) :], digits[len(code) :].lstrip("0")}
    )


def is_premium_rate_number(number: str) -> bool:
    """Tell whether a call to a number costs the caller more than an ordinary one.

    Of a number that does not exist, every beginning counts: switches ignore the digits behind a whole number.
    """
    if _exists(number) or _is_premium_rate(canonical_number(number)):
        return _is_premium_rate(canonical_number(number))
    return _is_premium_rate_short_number(number) or any(
        _is_premium_rate(number[:end]) for end in range(_SHORTEST, len(number))
    )


def _exists(number: str) -> bool:
    from phonenumbers import is_valid_number  # noqa: PLC0415

    parsed = parsed_number(number)
    return parsed is not None and is_valid_number(parsed)


def _is_premium_rate(number: str) -> bool:
    from phonenumbers import PhoneNumberType, number_type  # noqa: PLC0415

    parsed = parsed_number(number)
    return parsed is not None and number_type(parsed) == PhoneNumberType.PREMIUM_RATE


def _is_premium_rate_short_number(number: str) -> bool:
    from phonenumbers import ShortNumberCost, expected_cost  # noqa: PLC0415

    parsed = parsed_number(number)
    return parsed is not None and expected_cost(parsed) == ShortNumberCost.PREMIUM_RATE


_SHORTEST = 5
"""Fewer characters are a country code with too few digits for a number."""
