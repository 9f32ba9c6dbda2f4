"""CSV cells that no spreadsheet takes for a formula. Pure.

Source: https://owasp.org/www-community/attacks/CSV_Injection. Spreadsheets skip spaces and control characters
before a formula, and some read its full-width signs, too.
"""

from __future__ import annotations

import re

from trunkline.core.validation import E164

_FORMULA = re.compile(r"[\t\r\n]|[\s\x00-\x1f\x7f\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠﹢﹣﹦﹫−]")  # noqa: RUF001
_NUMBER = re.compile(E164)


def harmless_cell(value: object) -> object:
    """Put `'` before a text that a spreadsheet could take for a formula; a phone number in E.164 is none."""
    if not isinstance(value, str) or _NUMBER.fullmatch(value) or not _FORMULA.match(value):
        return value
    return f"'{value}"
