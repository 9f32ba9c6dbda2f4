"""`Idempotency-Key` through the deployed API: one call, however often it is asked for."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.support.tenant import Tenant

BUSY = "+15550100002"
AT_ONCE = 50


def place(tenant: Tenant, key: str, number: str = BUSY, **more: Any) -> httpx.Response:
    body = {"agentId": tenant.agent.id, "phoneNumber": number} | more
    return tenant.api.post("/api/v1/calls/outbound", json=body, headers={"Idempotency-Key": key})


def test_fifty_parallel_posts_with_one_key_make_one_call(tenant: Tenant) -> None:
    key = f"order:{uuid.uuid4()}"
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda _: place(tenant, key), range(AT_ONCE)))
    good = [answer for answer in answers if answer.status_code == 201]
    assert good
    assert {answer.json()["error"]["type"] for answer in answers if answer not in good} <= {
        "idempotency_in_progress"
    }
    ids = {answer.json()["data"]["id"] for answer in good}
    assert len(ids) == 1
    replayed = [answer.headers.get("Idempotent-Replayed") for answer in good]
    assert replayed.count(None) == 1
    tenant.wait_for_end(ids.pop())
    assert len(tenant.invites()) == 1


def test_a_repeat_gets_the_first_answer_and_another_body_a_conflict(tenant: Tenant) -> None:
    key = str(uuid.uuid4())
    first = place(tenant, key, metadata={"a": 1, "b": 2})
    tenant.wait_for_end(first.json()["data"]["id"])
    again = place(tenant, key, metadata={"b": 2, "a": 1})
    assert (again.status_code, again.json()) == (201, first.json())
    conflict = place(tenant, key, metadata={"a": 2})
    assert (conflict.status_code, conflict.json()["error"]["type"]) == (409, "idempotency_conflict")
    assert len(tenant.invites()) == 1


async def test_keys_are_a_tenants_own(make_tenant: Any) -> None:
    mine: Tenant = await make_tenant()
    theirs: Tenant = await make_tenant()
    ids = {place(tenant, "the-same").json()["data"]["id"] for tenant in (mine, theirs)}
    assert len(ids) == 2


def test_a_request_that_failed_may_be_tried_again_with_its_key(tenant: Tenant) -> None:
    assert place(tenant, "k", number="0").status_code == 400
    assert place(tenant, "k").status_code == 201


@pytest.mark.parametrize("key", ["", "with space", "x" * 256, "ü"])
def test_a_bad_key_is_refused(tenant: Tenant, key: str) -> None:
    body = {"agentId": tenant.agent.id, "phoneNumber": BUSY}
    headers = {"Idempotency-Key": key.encode()}
    answer = tenant.api.post("/api/v1/calls/outbound", json=body, headers=headers)  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, "Idempotency-Key")
