"""Older and redundant spellings of phone numbers that libphonenumber does not fold. Pure.

Address books and suppression lists outlive the change of a numbering plan, and people write trunk zeros
where a country has none. Each rule is tried on a number in E.164 that libphonenumber does not call valid, and
counts if its result is valid; so a rule never joins two numbers that both exist.

Sources: the regulators' communications in ITU-T's list of national numbering plans,
https://www.itu.int/oth/T0202.aspx?parent=T0202: Mexico (mobile 1, until 2019), Brazil (ninth digit of mobile
numbers, 2012 to 2016), Vietnam (11 digits to 10, 2018), Ivory Coast (8 digits to 10, by operator, 2021),
Benin (8 digits to 10, 2024).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_ARGENTINE_MOBILE = re.compile(r"\+549([0-9]{10})")

_RULES = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"\+52(?:1|01|04[45])([0-9]{10})", r"+52\1"),
        (r"\+55([1-9][0-9])([6-9][0-9]{7})", r"+55\g<1>9\2"),
        (r"\+8416([2-9][0-9]{7})", r"+843\1"),
        (r"\+84120([0-9]{7})", r"+8470\1"),
        (r"\+84121([0-9]{7})", r"+8479\1"),
        (r"\+84122([0-9]{7})", r"+8477\1"),
        (r"\+8412([68])([0-9]{7})", r"+847\1\2"),
        (r"\+8412([345])([0-9]{7})", r"+848\1\2"),
        (r"\+84127([0-9]{7})", r"+8481\1"),
        (r"\+84129([0-9]{7})", r"+8482\1"),
        (r"\+8418([68])([0-9]{7})", r"+845\1\2"),
        (r"\+84199([0-9]{7})", r"+8459\1"),
        (r"\+225([04-9][0-3][0-9]{6})", r"+22501\1"),
        (r"\+225([04-9][4-6][0-9]{6})", r"+22505\1"),
        (r"\+225([04-9][7-9][0-9]{6})", r"+22507\1"),
        (r"\+225([23][0-9]0[0-9]{5})", r"+22525\1"),
        (r"\+225([23][0-9]8[0-9]{5})", r"+22521\1"),
        (r"\+225([23][0-9][0-9]{6})", r"+22527\1"),
        (r"\+229([0-9]{8})", r"+22901\1"),
        # An Italian landline keeps its zero; some leave it out, as for other countries.
        (r"\+39([1-9][0-9]{5,10})", r"+390\1"),
    )
)


_EARLIER = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"\+54([0-9]{10})", r"+549\1"),
        (r"\+52([0-9]{10})", r"+521\1"),
        (r"\+55([1-9][0-9])9([6-9][0-9]{7})", r"+55\1\2"),
    )
)
"""Of a canonical number: the spelling that was canonical before this module folded it. Plans whose numbers
changed by operator are left out: there, one number may have had several."""


def earlier_spellings(canonical: str) -> Iterator[str]:
    """Yield the spellings under which an earlier version may have stored a canonical number."""
    for pattern, replacement in _EARLIER:
        if pattern.fullmatch(canonical):
            yield pattern.sub(replacement, canonical)


def without_mobile_digit(number: str) -> str | None:
    """Return an Argentine mobile number without its 9, which callers from abroad dial or leave out.

    Subscriber numbers of landlines and mobiles are of one plan, so no landline has the number without it.
    """
    found = _ARGENTINE_MOBILE.fullmatch(number)
    return f"+54{found[1]}" if found else None


def other_spellings(number: str, country_code: int) -> Iterator[str]:
    """Yield the numbers that an E.164 number may stand for if it does not exist itself."""
    for pattern, replacement in _RULES:
        if pattern.fullmatch(number):
            yield pattern.sub(replacement, number)
    code = f"+{country_code}"
    national = number.removeprefix(code)
    while national.startswith("0"):
        national = national[1:]
        yield code + national
