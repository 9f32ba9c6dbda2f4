"""Which numbers may be called: the longest prefix counts, and some are never called."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import (
    SUPPORTED_REGIONS,
    SUPPORTED_SHORT_REGIONS,
    PhoneMetadata,
    PhoneNumberFormat,
    PhoneNumberType,
    country_code_for_region,
    example_number,
    example_number_for_type,
    format_number,
    is_valid_number,
    parse,
)

from trunkline.compliance.number_rules import NumberRules, is_always_blocked
from trunkline.core.phone_numbers import canonical_number

GERMANY = NumberRules(("+49", "+1900555"), ("+4990", "+1900"))


@pytest.mark.parametrize(
    ("rules", "number", "why"),
    [
        (NumberRules(), "+4930123456", None),
        (GERMANY, "+4930123456", None),
        (GERMANY, "+49900123456", "denied_prefix"),
        (GERMANY, "+14155552671", "not_an_allowed_prefix"),
        (GERMANY, "+19005551234", None),
        (GERMANY, "+19001234567", "denied_prefix"),
        (NumberRules((), ("+1",)), "+14155552671", "denied_prefix"),
        (NumberRules((), ("+1",)), "+4930123456", None),
        (NumberRules(("+1",), ("+1",)), "+14155552671", "denied_prefix"),
    ],
)
def test_the_longest_prefix_counts(rules: NumberRules, number: str, why: str | None) -> None:
    assert rules.rejection_reason(number) == why


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("+1911", "emergency"),
        ("+49112", "emergency"),
        ("+44999", "emergency"),
        ("+19002345678", "premium_rate"),
        ("+499001234567", "premium_rate"),
        ("+14155552671", None),
        ("+15550100001", None),
        ("+493012345678", None),
        ("+61000", "emergency"),
        ("+34085", "emergency"),
        ("+1999", "emergency"),
        ("+490112", "emergency"),
        ("+911", "impossible"),
        ("+12", "impossible"),
        ("+1234567890", "impossible"),
        ("+999123456789", "impossible"),
        ("+881612345678", None),
        ("+15552671", "impossible"),
        ("+44118500", "impossible"),
        ("+19111234567", "emergency"),
        ("+491123", "emergency"),
        ("+33112345678", None),
        ("+4990012345678", "premium_rate"),
        ("+4200900123456", "premium_rate"),
        ("+46118118", "premium_rate"),
        ("+979123456789", "premium_rate"),
        ("+80012345678", None),
        ("+870773111632", None),
    ],
)
def test_some_are_called_by_nobody(number: str, why: str | None) -> None:
    assert is_always_blocked(number) == why


@given(st.from_regex(r"\A\+[1-9][0-9]{1,14}\Z"))
def test_any_number_has_an_answer(number: str) -> None:
    assert is_always_blocked(number) in (None, "emergency", "impossible", "premium_rate")
    assert GERMANY.rejection_reason(number) in (None, "denied_prefix", "not_an_allowed_prefix")


def test_no_emergency_number_of_any_country_is_called() -> None:
    for region in SUPPORTED_SHORT_REGIONS:
        metadata = PhoneMetadata.short_metadata_for_region(region)
        assert metadata is not None
        texts = (f"{n:0{length}d}" for length in (2, 3, 4) for n in range(10**length))
        pattern = re.compile((metadata.emergency and metadata.emergency.national_number_pattern) or "(?!)")
        for text in filter(pattern.fullmatch, texts):
            number = f"+{country_code_for_region(region)}{text}"
            assert is_always_blocked(number) in ("emergency", "impossible"), (region, number)


@pytest.mark.parametrize("region", sorted(SUPPORTED_REGIONS))
def test_every_spelling_of_a_number_is_one_number(region: str) -> None:
    example = example_number(region)
    assert example is not None
    number = format_number(example, PhoneNumberFormat.E164)
    metadata = PhoneMetadata.metadata_for_region(region)
    prefix = (metadata and metadata.national_prefix) or ""
    code = f"+{example.country_code}"
    for spelling in {number, *(number.replace(code, code + each, 1) for each in (prefix, "0"))}:
        if spelling != number and is_valid_number(parse(spelling)) and len(spelling) > len(number):
            continue  # a number of its own, as in Italy
        assert canonical_number(spelling) == number, spelling
        denied = NumberRules(denied_prefixes=(number[:8],))
        assert denied.rejection_reason(spelling) == "denied_prefix"
    assert is_always_blocked(number) is None


@pytest.mark.parametrize(
    ("spelling", "number"),
    [
        ("+5491123456789", "+541123456789"),  # Argentina: the 9 of mobiles, and the 15 that it replaces
        ("+54111523456789", "+541123456789"),
        ("+5215512345678", "+525512345678"),  # Mexico: the 1 of mobiles, until 2019
        ("+520445512345678", "+525512345678"),
        ("+551187654321", "+5511987654321"),  # Brazil: the ninth digit; and a carrier code
        ("+5501511987654321", "+5511987654321"),
        ("+841621234567", "+84321234567"),  # Vietnam: 2018
        ("+841201234567", "+84701234567"),
        ("+841281234567", "+84781234567"),
        ("+841241234567", "+84841234567"),
        ("+841991234567", "+84591234567"),
        ("+22507123456", "+2250707123456"),  # Ivory Coast: 2021, by operator
        ("+22501234567", "+2250101234567"),
        ("+22505123456", "+2250505123456"),
        ("+22520201234", "+2252720201234"),
        ("+22520312345", "+2252720312345"),
        ("+22997123456", "+2290197123456"),  # Benin: 2024
        ("+39612345678", "+390612345678"),  # Italy: a landline without its zero, a mobile with one
        ("+3903331234567", "+393331234567"),
        ("+3900612345678", "+390612345678"),
        ("+4200601123456", "+420601123456"),  # a trunk zero where there is none
        ("+3006912345678", "+306912345678"),
        ("+784951234567", "+74951234567"),
        ("+114155552671", "+14155552671"),
    ],
)
def test_an_older_spelling_is_the_same_number(spelling: str, number: str) -> None:
    assert canonical_number(spelling) == number
    assert canonical_number(number) == number


@given(st.from_regex(r"\A\+[1-9][0-9]{6,14}\Z"))
def test_the_one_spelling_of_a_number_is_its_own(number: str) -> None:
    canonical = canonical_number(number)
    assert canonical_number(canonical) == canonical


def test_a_denied_prefix_counts_in_every_spelling() -> None:
    mobiles = NumberRules(denied_prefixes=("+549",))
    assert mobiles.rejection_reason("+54111523456789") == "denied_prefix"
    assert mobiles.rejection_reason("+541123456789") is None


@pytest.mark.parametrize("region", sorted(SUPPORTED_REGIONS))
def test_a_premium_number_with_further_digits_is_not_called(region: str) -> None:
    example = example_number_for_type(region, PhoneNumberType.PREMIUM_RATE)
    number = format_number(example, PhoneNumberFormat.E164) if example else ""
    for tail in ("", "0", "12", "123") if number else ():
        assert is_always_blocked((number + tail)[:16]) is not None, number + tail
