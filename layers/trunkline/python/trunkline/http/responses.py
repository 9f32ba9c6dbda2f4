"""Answers of the functions that have one route and need no resolver."""

from __future__ import annotations

import json
from typing import Any


def plain_response(status: int, body: Any) -> dict[str, Any]:
    """An HTTP API payload 2.0 answer."""
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json", "Cache-Control": "no-store"},
        "body": json.dumps(body),
    }
