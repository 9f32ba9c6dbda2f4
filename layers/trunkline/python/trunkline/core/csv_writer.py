"""CSV cells that no spreadsheet takes for a formula. Pure.

Source: https://owasp.org/www-community/attacks/CSV_Injection. Spreadsheets skip spaces and control characters
before a formula, and some read its full-width signs, too.
"""

from __future__ import annotations

import re

from trunkline.core.text_lines import INVISIBLE
from trunkline.core.validation import E164

_SIGNS = "=+\\-@＝＋－＠﹢﹣﹦﹫−"  # noqa: RUF001
_BEFORE = r"[\s\x00-\x1f\x7f-\x9f\u115f\u1160\u2800\u3164\uffa0" + re.escape(INVISIBLE) + "]*"
_FORMULA = re.compile(rf"[\t\r\n]|{_BEFORE}[{_SIGNS}]")
_LATER_FORMULA = re.compile(rf"([;\t|]{_BEFORE})(?=[{_SIGNS}])")
"""Where a locale separates cells by another delimiter, a formula may begin within a cell of ours."""

_NUMBER = re.compile(E164)


def harmless_cell(value: object) -> object:
    """Put `'` before what a spreadsheet could take for a formula; a phone number in E.164 is none."""
    if not isinstance(value, str) or _NUMBER.fullmatch(value):
        return value
    begun = _FORMULA.match(value)
    first = begun[0] if begun else ""
    rest = _LATER_FORMULA.sub(r"\1'", value[len(first) :])
    return f"'{first}{rest}" if first else rest
