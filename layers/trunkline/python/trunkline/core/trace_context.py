"""Trace context: one id from the request for a call to its INVITE, webhooks and tools. Pure.

Source: https://www.w3.org/TR/trace-context/. A call's own id, without hyphens, has the form of a trace id: it
is the trace of a call whose client sent none.
"""

from __future__ import annotations

import hashlib
import re

HEADER = "traceparent"
_FORM = re.compile(r"(?!ff)[0-9a-f]{2}-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-[0-9a-f]{2}(-.*)?")
_SPAN_DIGITS = 16


def trace_id_of(traceparent: str | None) -> str | None:
    """Return the trace id of a `traceparent` header; None if it is absent or not valid, as the standard asks.

    A later version of the header may have more parts.
    """
    match = _FORM.fullmatch(traceparent or "")
    if match is None or not int(match["trace"], 16) or not int(match["span"], 16):
        return None
    is_first_version = match[0].startswith("00-")
    return None if is_first_version and match[3] else match["trace"]


def traceparent_of(trace_id: str, step: str) -> str:
    """Return the header of a request in a trace; `step` names the request and gives its span id."""
    span_id = hashlib.sha256(step.encode()).hexdigest()[:_SPAN_DIGITS]
    return f"00-{trace_id}-{span_id}-01"


def trace_id_of_call(call_id: str) -> str:
    """Return the trace id of a call whose client sent none."""
    return call_id.replace("-", "").lower()
