"""The wait that a Retry-After header requests. Pure."""

from __future__ import annotations

import email.utils
from collections.abc import Mapping

MAX_RETRY_AFTER_S = 86_400


def retry_after_s(headers: Mapping[str, str], now_s: float) -> float:
    """Return the requested wait in seconds, at most a day; 0 without a valid header.

    Source: RFC 9110, 10.2.3: the value is seconds, or a date.
    """
    text = next((value for name, value in headers.items() if name.lower() == "retry-after"), "").strip()
    if text.isascii() and text.isdigit():
        return float(min(MAX_RETRY_AFTER_S, int(text[:9])))
    try:
        until = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    return min(float(MAX_RETRY_AFTER_S), max(0.0, until.timestamp() - now_s))
