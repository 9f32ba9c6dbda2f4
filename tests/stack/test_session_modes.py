"""A session of a live key in test mode, one request at a time, through the deployed API."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from local.stack import Stack
from tests.support import http
from tests.support.tenant import Tenant, client_of

TEST, LIVE = {"trunkline-mode": "test"}, {"trunkline-mode": "live"}
AGENT = {"name": "Bea", "livekit_agent_name": "bea"}


def open_session(stack: Stack, key: str) -> httpx.Client:
    answer = http.post(f"{stack.config.api_url}/api/v1/session", json={"api_key": key}, headers=TEST)
    assert answer.status_code == 201, answer.text
    client = client_of(stack, key)
    del client.headers["x-api-key"]
    client.headers["cookie"] = answer.headers["set-cookie"].split(";")[0]
    return client


@pytest.fixture
def session(stack: Stack, tenant: Tenant) -> Iterator[httpx.Client]:
    with open_session(stack, tenant.key) as client:
        yield client


def names(answer: httpx.Response) -> set[str]:
    return {each["name"] for each in answer.json()["data"]}


def test_two_tabs_of_one_session_act_in_two_modes(tenant: Tenant, session: httpx.Client) -> None:
    once = {"Idempotency-Key": "one-for-each-mode"}
    for mode in (TEST, LIVE):
        created = session.post("/api/v1/agents", json=AGENT, headers=mode | once)
        assert created.status_code == 201, created.text
        assert "idempotent-replayed" not in created.headers
    session.patch(f"/api/v1/agents/{created.json()['id']}", json={"ring_timeout_s": 20})
    assert names(session.get("/api/v1/agents", headers=TEST)) == {"Bea"}
    assert names(session.get("/api/v1/agents")) == {"Ada", "Bea"}
    trunks = session.get("/api/v1/trunks", headers=TEST).json()["data"]
    assert tenant.trunk.id not in {trunk["id"] for trunk in trunks}
    for mode, actions in ((TEST, ["agent.created"]), (LIVE, ["agent.changed", "agent.created"])):
        entries = session.get("/api/v1/audit", headers=mode).json()["data"]
        by_session = [each["action"] for each in entries if each["actor"]["type"] == "session"]
        assert by_session == actions


def test_what_a_session_may_choose_is_told_and_held(
    stack: Stack, tenant: Tenant, session: httpx.Client
) -> None:
    shown = session.get("/api/v1/session", headers=TEST).json()
    assert (shown["livemode"], shown["modes"]) == (False, ["live", "test"])
    assert session.get("/api/v1/calls", headers={"trunkline-mode": "sandbox"}).status_code == 400
    with open_session(stack, tenant.create_key(livemode=False)) as practice:
        assert practice.get("/api/v1/session").json()["modes"] == ["test"]
        refused = practice.get("/api/v1/calls", headers=LIVE)
        assert (refused.status_code, refused.json()["error"]["type"]) == (403, "mode_not_allowed")
    assert tenant.api.get("/api/v1/calls", headers=TEST).status_code == 403
    assert tenant.api.get("/api/v1/calls", headers=LIVE).status_code == 200
