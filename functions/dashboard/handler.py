"""Lambda handler of `dashboard`: the files of the dashboard, and its page for every path of the app."""

from __future__ import annotations

from typing import Any

from .bootstrap import site
from .responses import respond


def handle(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Handle one HTTP request; API Gateway's access log has a line for it."""
    return respond(event, site()).to_payload()
