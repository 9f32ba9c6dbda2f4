"""The agents' routes."""

from __future__ import annotations

import re
from typing import Any

from trunkline.calls.report_schemas import Reports
from trunkline.core.errors import NotFound
from trunkline.core.validation import Model
from trunkline.http_api.request_body import read_body

from .desk import claim_of, desk, invoker

_PATH = re.compile(
    r"/agent/v1/calls/(?P<call_id>[0-9a-fA-F-]{36})"
    r"/(?P<what>context|reports|tools)(/(?P<tool>[A-Za-z_][A-Za-z0-9_]{0,63}))?"
)


def answer_to(event: dict[str, Any]) -> Any:
    """Do what an agent asks for; what is wrong with it is a `TrunklineError`."""
    route = _PATH.fullmatch(event["rawPath"])
    if route is None:
        raise NotFound("Route not found")
    match event["requestContext"]["http"]["method"], route["what"], route["tool"]:
        case "GET", "context", None:
            return desk().reports.context(claim_of(event, route["call_id"]))
        case "POST", "reports", None:
            claim = claim_of(event, route["call_id"])
            return desk().reports.apply(claim, _body(event, Reports).reports)
        case "GET", "tools", None:
            asked = event.get("queryStringParameters") or {}
            return invoker().definitions(claim_of(event, route["call_id"]), asked.get("agent"))
        case "POST", "tools", str(name):
            return _invoked(event, route["call_id"], name)
    raise NotFound("Route not found")


def _invoked(event: dict[str, Any], call_id: str, name: str) -> Any:
    # Only who uses a tool pays for this import.
    from trunkline.tool_runtime.service import Invocation  # noqa: PLC0415

    claim = claim_of(event, call_id)
    return invoker().invoke(claim, name, _body(event, Invocation))


def _body(event: dict[str, Any], model: type[Model]) -> Model:
    return read_body(model, event.get("body"), is_base64=bool(event.get("isBase64Encoded")))
