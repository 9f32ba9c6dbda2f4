"""The wait that a Retry-After header requests. Pure."""

from __future__ import annotations

import email.utils
from collections.abc import Mapping

MAX_RETRY_AFTER_S = 86_400
_MAX_DIGITS = 9
_MAX_DATE_LENGTH = 64


def retry_after_s(headers: Mapping[str, str], now_s: float) -> float:
    """Return the requested wait in seconds, at most a day; 0 without a valid header.

    Total: the text is a hostile server's. A date whose offset or year is out of range raises anything from
    ValueError to OverflowError in the standard library, and counts as no date.
    Source: RFC 9110, 10.2.3: the value is seconds, or a date.
    """
    text = next((value for name, value in headers.items() if name.lower() == "retry-after"), "").strip()
    if text.isascii() and text.isdigit():
        digits = text.lstrip("0")[:_MAX_DIGITS] or "0"
        return float(min(MAX_RETRY_AFTER_S, int(digits)))
    try:
        wait_s = email.utils.parsedate_to_datetime(text[:_MAX_DATE_LENGTH]).timestamp() - now_s
    except Exception:  # noqa: BLE001 - no text of a server may raise here
        return 0.0
    return min(float(MAX_RETRY_AFTER_S), max(0.0, wait_s))
