"""Which numbers may be called: the longest prefix counts, and some are never called."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.compliance.number_rules import NumberRules, is_always_blocked

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
        ("+999123456789", None),
    ],
)
def test_some_are_called_by_nobody(number: str, why: str | None) -> None:
    assert is_always_blocked(number) == why


@given(st.from_regex(r"\A\+[1-9][0-9]{1,14}\Z"))
def test_any_number_has_an_answer(number: str) -> None:
    assert is_always_blocked(number) in (None, "emergency", "premium_rate")
    assert GERMANY.rejection_reason(number) in (None, "denied_prefix", "not_an_allowed_prefix")
