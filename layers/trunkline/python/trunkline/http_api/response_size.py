"""Size of a response as AWS Lambda counts it, and pages that stay within it. Pure.

A response has at most 6 MB: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html. The JSON
body is a string in a JSON document, which the runtimes python3.12 and python3.13 write in UTF-8:
https://github.com/aws/aws-lambda-python-runtime-interface-client (awslambdaric/lambda_runtime_marshaller.py)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from trunkline.core.json_text import json_bytes
from trunkline.core.pagination import decode_cursor, encode_cursor
from trunkline.http_api.responses import body_text

MAX_RESPONSE_BYTES = 6 * 1024 * 1024
MAX_PAGE_BYTES = 5 * 1024 * 1024
"""What the items of a page may have: the rest is for headers and the page's own fields."""

T = TypeVar("T")


def encoded_bytes(value: object) -> int:
    """Count a JSON value inside the body; a quote in one of its texts is escaped twice."""
    return json_bytes(body_text(value))


def fitting(items: Sequence[T], max_bytes: int = MAX_PAGE_BYTES) -> Sequence[T]:
    """Return the first items that fit into a page; always one, so that the next page goes on behind it."""
    total_bytes = 0
    for count, item in enumerate(items):
        total_bytes += encoded_bytes(item) + 2
        if total_bytes > max_bytes and count:
            return items[:count]
    return items


V = TypeVar("V")


def page_of(
    items: Sequence[T], view: Callable[[T], V], position: Callable[[T], str], cursor: str | None
) -> tuple[list[V], str | None]:
    """Return the views after a cursor that fit into a response, and the cursor of the next page.

    Items are in order of their positions, which must differ. An item that is deleted between two pages, or
    created, does not move the others.

    Raises:
        InvalidRequest: the cursor is not one.
    """
    after = decode_cursor(cursor, r"(?s).{1,500}") if cursor else ""
    left = sorted((item for item in items if position(item) > after), key=position)
    views = [view(item) for item in left]
    shown = fitting(views)
    more = encode_cursor(position(left[len(shown) - 1])) if len(shown) < len(views) else None
    return list(shown), more
