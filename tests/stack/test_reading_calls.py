"""Lists, filters and long polls on the deployed stack."""

from __future__ import annotations

from typing import Any

from tests.stack.fixtures_livekit import Control
from tests.support.tenant import Tenant
from tests.support.workflows import create_workflow, start_workflow_call


def test_a_long_poll_answers_at_the_change(tenant: Tenant, control: Control) -> None:
    create_workflow(tenant)
    opened = start_workflow_call(tenant)
    known = tenant.call(opened["call_id"])["last_event"]
    control("joins", token=opened["token"])
    call = tenant.api.get(f"/api/v1/calls/{opened['call_id']}?wait=20&after={known}").json()
    assert call["status"] in ("connecting", "active")
    assert call["last_event"] > known
    bad = tenant.api.get(f"/api/v1/calls/{opened['call_id']}?wait=999")
    assert (bad.status_code, bad.json()["error"]["field"]) == (400, "wait")


def test_calls_are_listed_newest_first_page_by_page_and_by_filter(tenant: Tenant) -> None:
    create_workflow(tenant)
    create_workflow(tenant, "other")
    ids = [
        start_workflow_call(tenant, "other" if n == 2 else "onboarding", user_id=f"u{n % 2}")["call_id"]
        for n in range(5)
    ]
    tenant.cancel(ids[0])

    def listed(**query: Any) -> list[str]:
        found, cursor = [], None
        while True:
            answer = tenant.api.get("/api/v1/calls", params=query | ({"cursor": cursor} if cursor else {}))
            assert answer.status_code == 200, answer.text
            found += [call["call_id"] for call in answer.json()["data"]]
            cursor = answer.json()["next_cursor"]
            if cursor is None:
                return found

    newest = ids[::-1]
    assert listed() == listed(limit=2) == newest
    assert listed(workflow_slug="other") == [ids[2]]
    assert listed(user_id="u1", limit=1) == [ids[3], ids[1]]
    assert listed(status="cancelled") == [ids[0]]
    assert listed(status="pending") == newest[:4]
    assert listed(agent_id=tenant.agent.id, created_before="2020-01-01T00:00:00Z") == []
    assert listed(created_after="2020-01-01T00:00:00Z") == newest
    for query in ({"limit": "0"}, {"status": "odd"}, {"cursor": "§"}, {"created_after": "soon"}, {"x": "1"}):
        answer = tenant.api.get("/api/v1/calls", params=query)
        assert (answer.status_code, answer.json()["error"]["field"]) == (400, next(iter(query)))
