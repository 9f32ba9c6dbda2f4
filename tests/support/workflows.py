"""Workflows and the calls that they start."""

from __future__ import annotations

from typing import Any

import httpx

from tests.support.tenant import Tenant


def create_workflow(tenant: Tenant, slug: str = "onboarding", **more: Any) -> dict[str, Any]:
    answer = tenant.api.post("/api/v1/workflows", json={"slug": slug, "entry_agent": "Ada"} | more)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def post_workflow_call(tenant: Tenant, slug: str = "onboarding", **more: Any) -> httpx.Response:
    body = {"workflow_slug": slug, "user_id": "user-1"} | more
    return tenant.api.post("/api/v1/calls", json=body)


def start_workflow_call(tenant: Tenant, slug: str = "onboarding", **more: Any) -> dict[str, Any]:
    answer = post_workflow_call(tenant, slug, **more)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())
