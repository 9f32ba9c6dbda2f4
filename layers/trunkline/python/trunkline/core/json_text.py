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


def repeated_name(raw: bytes | str) -> str | None:
    """Return a name that an object in JSON text has twice, if there is one.

    A parser keeps one of the values and drops the other. Source: RFC 8259, section 4: what software does with
    such an object is unpredictable.

    Raises:
        ValueError: it is not JSON.
    """
    repeated: list[str] = []

    def count(pairs: list[tuple[str, Any]]) -> None:
        names: set[str] = set()
        for name, _ in pairs:
            if name in names:
                repeated.append(name)
            names.add(name)

    text = raw if isinstance(raw, str) else raw.decode()
    # Numbers are not converted: Python refuses long ones.
    json.loads(text, object_pairs_hook=count, parse_int=str, parse_float=str)
    return repeated[0] if repeated else None


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


def same_json(one: Any, other: Any) -> bool:
    """Tell whether two JSON values are the same; Python's `==` takes `true` for 1 and `false` for 0.

    Numbers are compared by value, so that 5 and 5.0 are one, as in JSON Schema.
    """
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same_json(one[name], other[name]) for name in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same_json, one, other))
    return bool(one == other)


def json_text(value: Any) -> str:
    """Write JSON without spaces and without ASCII escapes, which take six bytes for a Cyrillic letter of two.

    Raises:
        ValueError: the value has Infinity or NaN.
    """
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def json_bytes(value: Any) -> int:
    """Count the bytes of a value as JSON text in UTF-8, which is what sizes are documented in."""
    return len(json_text(value).encode())
