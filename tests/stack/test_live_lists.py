"""Lists of calls that are followed, searched and cancelled from, through the deployed API."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.support.tenant import Tenant


def test_a_list_that_is_waited_for_shows_a_new_call_and_its_end(tenant: Tenant) -> None:
    tenant.change_trunk(paused=True)
    known = tenant.api.get("/api/v1/calls").json()["version"]
    query = {"wait": 25, "after": known}
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(tenant.api.get, "/api/v1/calls", params=query)
        call_id = tenant.placed("+15550100013")
        shown = waiting.result().json()
    assert [call["call_id"] for call in shown["data"]] == [call_id]
    query["after"] = shown["version"]
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(tenant.api.get, "/api/v1/calls", params=query)
        tenant.cancel(call_id)
        shown = waiting.result().json()
    assert shown["data"][0]["status_reason"] == "cancelled"


async def test_calls_are_found_and_cancelled_together(tenant: Tenant, make_tenant: Any) -> None:
    other: Tenant = await make_tenant()
    tenant.change_trunk(paused=True)
    mine = [tenant.placed(f"+1555010001{number}", metadata={"order": 7}) for number in range(3)]
    theirs = other.placed("+15550100011")
    found = tenant.api.get("/api/v1/calls", params={"metadata": "order=7"}).json()
    assert {call["call_id"] for call in found["data"]} == set(mine)
    missing = str(uuid.uuid4())
    body = {"call_ids": [*mine, theirs, missing]}
    for _ in range(2):
        results = tenant.api.post("/api/v1/calls/cancel", json=body).json()["data"]
        outcome = {each["call_id"]: each["result"] for each in results}
        assert outcome == dict.fromkeys(mine, "cancelled") | {theirs: "not_found", missing: "not_found"}
    failed = tenant.api.get("/api/v1/calls", params={"failure_reason": "cancelled"}).json()
    assert {call["call_id"] for call in failed["data"]} == set(mine)
    assert other.call(theirs)["data"]["status"] != "cancelled"
    other.cancel(theirs)
