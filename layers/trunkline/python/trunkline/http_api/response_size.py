"""Size of a response as AWS Lambda counts it: the JSON body is a string in a JSON document. Pure.

Source: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html (6 MB a response).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from trunkline.core.json_text import json_bytes, json_text

MAX_RESPONSE_BYTES = 6 * 1024 * 1024
MAX_PAGE_BYTES = 5 * 1024 * 1024
"""What the items of a page may have: the rest is for headers and the page's own fields."""

T = TypeVar("T")


def encoded_bytes(value: object) -> int:
    """Count a JSON value inside the body; a quote in one of its texts is escaped twice."""
    return json_bytes(json_text(value))


def fitting(items: Sequence[T], max_bytes: int = MAX_PAGE_BYTES) -> Sequence[T]:
    """Return the first items that fit into a page; always one, so that the next page goes on behind it."""
    total_bytes = 0
    for count, item in enumerate(items):
        total_bytes += encoded_bytes(item) + 2
        if total_bytes > max_bytes and count:
            return items[:count]
    return items
