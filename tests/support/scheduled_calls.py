"""Calls for a later time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.support.tenant import Tenant


def in_seconds(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def post_scheduled_call(tenant: Tenant, after_s: float, **more: Any) -> httpx.Response:
    number = more.pop("phoneNumber", "+15550100001")
    body = {"agentId": tenant.agent.id, "phoneNumber": number, "earliestAt": in_seconds(after_s)} | more
    return tenant.api.post("/api/v1/calls/schedule", json=body)


def schedule_call(tenant: Tenant, after_s: float, **more: Any) -> str:
    answer = post_scheduled_call(tenant, after_s, **more)
    assert answer.status_code == 201, answer.text
    assert answer.json()["message"].startswith("Call scheduled.")
    return str(answer.json()["data"]["id"])
