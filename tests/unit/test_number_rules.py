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
    country_code_for_region,
    example_number,
    format_number,
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
    spellings = {number, *([number.replace(code, code + prefix, 1)] if prefix.startswith("0") else [])}
    for spelling in spellings:
        assert canonical_number(spelling) == number, spelling
        denied = NumberRules(denied_prefixes=(number[:8],))
        assert denied.rejection_reason(spelling) == "denied_prefix"
    assert is_always_blocked(number) is None
