"""Answers that many routes give."""

from __future__ import annotations

import json
from typing import Any

from typing_extensions import TypedDict


class Deleted(TypedDict):
    """The thing is gone."""

    id: str
    deleted: bool


def deleted(what: str) -> Deleted:
    """Say that the thing of that id or slug is gone."""
    return {"id": what, "deleted": True}


def plain_response(status: int, body: Any) -> dict[str, Any]:
    """An HTTP API payload 2.0 answer."""
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json", "Cache-Control": "no-store"},
        "body": json.dumps(body),
    }
