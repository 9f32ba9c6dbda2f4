"""When a server asks to be tried again. Pure."""

from __future__ import annotations

import email.utils
from collections.abc import Mapping

MAX_RETRY_AFTER_S = 86_400


def retry_after_s(headers: Mapping[str, str], now_s: float) -> float:
    """The seconds that a Retry-After header asks for, at most a day; 0 if it asks for nothing readable.

    Source: RFC 9110, 10.2.3: seconds, or a date.
    """
    text = next((value for name, value in headers.items() if name.lower() == "retry-after"), "").strip()
    if text.isascii() and text.isdigit():
        return float(min(MAX_RETRY_AFTER_S, int(text[:9])))
    try:
        until = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    return min(float(MAX_RETRY_AFTER_S), max(0.0, until.timestamp() - now_s))
