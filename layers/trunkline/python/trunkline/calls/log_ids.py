"""Ids of a call in log lines, by which the saved queries *one call* and *one trace* find it. Pure."""

from __future__ import annotations

from typing import Any

from trunkline.calls.models import Call


def log_ids(call: Call) -> dict[str, Any]:
    """Return the ids that every log line about a call carries."""
    return {"call_id": call.id, "trace_id": call.trace_id, "tenant_id": call.tenant_id}
