"""JSON text: strict reading of what comes from outside, and one UTF-8 form of what is stored and sent. Pure.

Source: RFC 8259. Its numbers have no Infinity and no NaN (section 6), and text that systems exchange is UTF-8
(section 8.1), which has no lone surrogates.
"""

from __future__ import annotations

import json
import math
from typing import Any


def parse_json(raw: bytes | str) -> Any:
    """Parse JSON from outside; numbers keep their type and, if they are whole, every digit.

    Raises:
        ValueError: it is not JSON, is nested too deep, or has what JSON text cannot say again: a number
            beyond a double's range (`1e400` would become Infinity), or a lone surrogate.
    """
    # It takes 14 ms to import: functions that only write JSON do not pay for it at their start.
    from pydantic_core import from_json  # noqa: PLC0415

    value = from_json(raw, allow_inf_nan=False)
    require_json(value)
    return value


def require_json(value: Any) -> None:
    """Check a value that another parser made, and that parser let Infinity, NaN or lone surrogates through.

    Raises:
        ValueError: JSON text cannot say the value.
    """
    remaining = [value]
    while remaining:
        part = remaining.pop()
        if isinstance(part, dict):
            remaining += [*part, *part.values()]
        elif isinstance(part, list):
            remaining += part
        elif isinstance(part, str):
            part.encode()  # a lone surrogate raises UnicodeEncodeError, which is a ValueError
        elif isinstance(part, float) and not math.isfinite(part):
            raise ValueError("a number is out of range")


def json_text(value: Any) -> str:
    """Write JSON without spaces and without ASCII escapes, which take six bytes for a Cyrillic letter of two.

    Raises:
        ValueError: the value has Infinity or NaN.
    """
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def json_bytes(value: Any) -> int:
    """Count the bytes of a value as JSON text in UTF-8, which is what sizes are documented in."""
    return len(json_text(value).encode())
