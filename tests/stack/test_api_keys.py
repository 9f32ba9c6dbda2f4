"""Keys, limits, sessions and the audit log, as their owners see them through the deployed API."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from local.stack import Stack
from openapi.document import ROUTES
from tests.support import http
from tests.support.polling import GIVES_UP_AFTER_S
from tests.support.tenant import ALL_SCOPES, Tenant, client_of
from trunkline.auth.api_key import new_api_key
from trunkline.auth.scopes import Scope

SAME = {"calls:create": "calls:initiate", "calls:initiate": "calls:create"}


def error(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["type"]


def test_a_key_is_made_used_rotated_and_revoked(stack: Stack, tenant: Tenant) -> None:
    made = tenant.api.post("/api/v1/api-keys", json={"name": "ci", "scopes": ["calls:read"]})
    assert made.status_code == 201
    key, key_id = made.json()["key"], made.json()["id"]
    reader = client_of(stack, key)
    assert reader.get("/api/v1/calls").status_code == 200
    assert error(tenant.api.get("/api/v1/api-keys/key_unknown")) == (404, "not_found")
    listed = tenant.api.get("/api/v1/api-keys").json()["data"]
    assert {each["id"] for each in listed} >= {key_id}
    assert all("key" not in each for each in listed)
    assert next(each for each in listed if each["id"] == key_id)["last_used_at"]
    rotated = tenant.api.post(f"/api/v1/api-keys/{key_id}/rotate").json()
    assert error(reader.get("/api/v1/calls")) == (401, "invalid_api_key")
    renewed = client_of(stack, rotated["key"])
    assert renewed.get("/api/v1/calls").status_code == 200
    assert tenant.api.delete(f"/api/v1/api-keys/{key_id}").status_code == 200
    assert error(renewed.get("/api/v1/calls")) == (401, "invalid_api_key")
    actions = [entry["action"] for entry in tenant.api.get("/api/v1/audit").json()["data"]]
    assert actions[:3] == ["api_key.revoked", "api_key.rotated", "api_key.created"]


def test_a_repeated_creation_gets_the_first_answer_with_its_secret(tenant: Tenant) -> None:
    wish, once = {"name": "ci", "scopes": ["calls:read"]}, {"Idempotency-Key": "make-it-once"}
    with ThreadPoolExecutor(4) as pool:
        posts = [pool.submit(tenant.api.post, "/api/v1/api-keys", json=wish, headers=once) for _ in range(8)]
    answers = [post.result() for post in posts]
    made = [answer for answer in answers if answer.status_code == 201]
    assert len({answer.json()["key"] for answer in made}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in made) == 1
    assert {error(answer)[1] for answer in answers if answer not in made} <= {"idempotency_in_progress"}
    again = tenant.api.post("/api/v1/api-keys", json=wish, headers=once)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json() == made[0].json()
    other = tenant.api.post("/api/v1/api-keys", json=wish | {"name": "other"}, headers=once)
    assert error(other) == (409, "idempotency_conflict")


@pytest.mark.parametrize("path", ["agents", "workflows", "webhooks"])
def test_every_creating_post_takes_an_idempotency_key(tenant: Tenant, path: str) -> None:
    bodies = {
        "agents": {"name": "Bea", "livekit_agent_name": "bea"},
        "workflows": {"slug": "hello", "entry_agent": "Ada"},
        "webhooks": {"url": "http://127.0.0.1:9100/hook"},
    }
    once = {"Idempotency-Key": f"make-{path}"}
    first, second = (tenant.api.post(f"/api/v1/{path}", json=bodies[path], headers=once) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json() == first.json()
    assert second.headers["idempotent-replayed"] == "true"


SIGNED = {"takeTriggerEvent"}
"""Routes that a signature opens, and no key."""


def test_each_route_needs_its_scope_and_says_which(stack: Stack, tenant: Tenant) -> None:
    """Every scope, every route: with all other rights 403, without a key or with a wrong one 401."""
    clients: dict[str, httpx.Client] = {}
    for route in ROUTES:
        path = route.path.replace("{", "").replace("}", "")
        for key in (None, "as_live_nonsense", new_api_key(livemode=True)):
            headers = {} if key is None else {"x-api-key": key}
            answer = http.request(route.method, stack.config.api_url + path, headers=headers)
            kind = "invalid_signature" if route.operation_id in SIGNED else "invalid_api_key"
            assert error(answer) == (401, kind), (route.operation_id, key)
        if not route.scope:
            continue
        if route.scope not in clients:
            without = {route.scope, SAME.get(route.scope, ""), "admin"}
            if route.scope == "webhooks:read":
                without.add("webhooks:write")
            clients[route.scope] = client_of(stack, tenant.create_key(*sorted(set(ALL_SCOPES) - without)))
        answer = clients[route.scope].request(route.method, path)
        assert error(answer) == (403, "missing_scope"), route.operation_id
        assert answer.json()["error"]["message"] == f"Missing scope: {route.scope}"
    assert set(clients) == {scope.value for scope in Scope} - {"admin", "calls:initiate"}


def test_every_answer_says_what_is_left_of_the_minute(tenant: Tenant) -> None:
    api = client_of(tenant.stack, tenant.create_key(requests_per_minute=40))
    answers = [
        api.get("/api/v1/calls"),
        api.get("/api/v1/calls/nothing"),
        api.post("/api/v1/calls", json={}),
        api.get("/api/v1/nowhere"),
    ]
    assert [answer.status_code for answer in answers] == [200, 404, 400, 404]
    for answer in answers[:3]:
        assert answer.headers["ratelimit-policy"] == '"key";q=40;w=60'
        assert answer.headers["ratelimit"].startswith('"key";r=')


REQUESTS, LIMIT, AT_ONCE = 240, 60, 32


async def test_never_more_than_the_limit_is_let_in_however_many_ask_at_once(
    stack: Stack, tenant: Tenant
) -> None:
    key = tenant.create_key(requests_per_minute=LIMIT)
    at_once = asyncio.Semaphore(AT_ONCE)
    url = stack.config.api_url
    async with httpx.AsyncClient(verify=http.TLS, base_url=url, timeout=GIVES_UP_AFTER_S) as api:

        async def ask() -> httpx.Response:
            async with at_once:
                return await api.get("/api/v1/session", headers={"x-api-key": key})

        answers = await asyncio.gather(*(ask() for _ in range(REQUESTS)))
    statuses = Counter(answer.status_code for answer in answers)
    assert set(statuses) == {200, 429}, statuses
    # What is left goes down by one with each that was let in, and begins anew with each window.
    left = Counter(
        answer.headers["ratelimit"].split(";")[1] for answer in answers if answer.status_code == 200
    )
    windows = max(left.values())
    assert statuses[200] <= LIMIT * windows
    refused = [answer for answer in answers if answer.status_code == 429]
    assert all(1 <= int(answer.headers["retry-after"]) <= 60 for answer in refused)
    assert {error(answer) for answer in refused} == {(429, "rate_limited")}


async def test_a_tenants_limits_have_errors_of_their_own(make_tenant: Any) -> None:
    tenant: Tenant = await make_tenant(cps=1)
    tenant.change_trunk(paused=True)
    tenant.stack.operator().set_tenant(tenant.id, {"max_calls_waiting": 2, "max_calls_a_day": 4})
    calls = [tenant.place() for _ in range(4)]
    assert [call.status_code for call in calls] == [201, 201, 429, 429]
    assert error(calls[2]) == (429, "queue_full")
    assert calls[2].headers["retry-after"] == "5"
    limits = tenant.api.get("/api/v1/limits").json()
    assert (limits["calls_waiting"], limits["max_calls_waiting"]) == (2, 2)
    assert limits["calls_today"] == 2
    other: Tenant = await make_tenant()
    assert other.place().status_code == 201, "another tenant's limits are not touched"


async def test_a_day_has_so_many_calls(make_tenant: Any) -> None:
    tenant: Tenant = await make_tenant()
    tenant.stack.operator().set_tenant(tenant.id, {"max_calls_a_day": 1, "max_calls_in_progress": 1})
    web = {"agent_name": "Ada", "user_id": "u"}
    assert tenant.api.post("/api/v1/calls/test-agent", json=web).status_code == 201
    refused = tenant.api.post("/api/v1/calls/test-agent", json=web)
    assert error(refused) == (429, "daily_limit_reached")
    assert 0 < int(refused.headers["retry-after"]) <= 86_400


async def test_web_calls_beyond_the_concurrency_are_refused(make_tenant: Any) -> None:
    tenant: Tenant = await make_tenant()
    tenant.stack.operator().set_tenant(tenant.id, {"max_calls_in_progress": 1})
    web = {"agent_name": "Ada", "user_id": "u"}
    first = tenant.api.post("/api/v1/calls/test-agent", json=web).json()["call_id"]
    refused = tenant.api.post("/api/v1/calls/test-agent", json=web)
    assert error(refused) == (429, "concurrency_exceeded")
    tenant.cancel(first)
    assert tenant.api.post("/api/v1/calls/test-agent", json=web).status_code == 201


# Sessions.


def login(stack: Stack, key: str, **more: object) -> httpx.Response:
    return http.post(f"{stack.config.api_url}/api/v1/session", json={"api_key": key} | more)


def test_a_session_is_a_cookie_that_stands_for_the_key(stack: Stack, tenant: Tenant) -> None:
    answer = login(stack, tenant.create_key("calls:read", "calls:create"))
    assert answer.status_code == 201
    cookie = answer.headers["set-cookie"]
    for flag in ("session=", "HttpOnly", "Secure", "SameSite=Strict", "Path=/", "Max-Age="):
        assert flag in cookie
    # As the outbound document shows it: a bare Cookie header.
    bare = {"Cookie": cookie.split(";")[0]}
    url = stack.config.api_url
    placed = http.post(
        f"{url}/api/v1/calls/outbound",
        headers=bare,
        json={"agentId": tenant.agent.id, "phoneNumber": "+15550100013"},
    )
    assert placed.status_code == 201
    assert placed.headers["ratelimit-policy"].startswith('"key";q=')
    who = http.get(f"{url}/api/v1/session", headers=bare).json()
    assert who["tenant_id"] == tenant.id
    assert who["expires_at"]
    forbidden = http.get(f"{url}/api/v1/agents", headers=bare)
    assert error(forbidden) == (403, "missing_scope")


def test_a_session_is_accepted_on_every_route(stack: Stack, tenant: Tenant) -> None:
    bare = {"Cookie": login(stack, tenant.key).headers["set-cookie"].split(";")[0]}
    for route in ROUTES:
        if route.path == "/api/v1/session" or route.operation_id in SIGNED:
            continue
        path = route.path.replace("{", "").replace("}", "")
        answer = http.request(route.method, stack.config.api_url + path, headers=bare)
        assert answer.status_code in (200, 400, 404), (route.operation_id, answer.text)
        assert answer.headers["ratelimit-policy"].startswith('"key";q='), route.operation_id


def test_a_session_that_was_closed_or_forged_is_none(stack: Stack, tenant: Tenant) -> None:
    url = stack.config.api_url
    bare = {"Cookie": login(stack, tenant.key).headers["set-cookie"].split(";")[0]}
    closed = http.delete(f"{url}/api/v1/session", headers=bare)
    assert "Max-Age=0" in closed.headers["set-cookie"]
    for cookie in (bare["Cookie"], "session=", "session=forged", "session=../../etc", "other=1"):
        answer = http.get(f"{url}/api/v1/calls", headers={"Cookie": cookie})
        assert error(answer) == (401, "invalid_api_key"), cookie
    assert error(login(stack, "as_live_wrong")) == (401, "invalid_api_key")
    no_pool = http.post(f"{url}/api/v1/session", json={"id_token": "e30.e30."})
    assert error(no_pool) == (401, "invalid_api_key")


def test_another_sites_page_can_do_nothing_with_the_cookie(stack: Stack, tenant: Tenant) -> None:
    url = stack.config.api_url
    bare = {"Cookie": login(stack, tenant.key).headers["set-cookie"].split(";")[0]}
    evil = {"Origin": "https://evil.test", "Sec-Fetch-Site": "cross-site"}
    wish = {"agentId": tenant.agent.id, "phoneNumber": "+15550100013"}
    for headers in (bare | evil, bare | {"Origin": "https://evil.test"}):
        answer = http.post(f"{url}/api/v1/calls/outbound", headers=headers, json=wish)
        assert error(answer) == (403, "cross_site_request")
    assert error(http.post(f"{url}/api/v1/session", headers=evil, json={"api_key": tenant.key})) == (
        403,
        "cross_site_request",
    )
    own = bare | {"Sec-Fetch-Site": "same-origin"}
    assert http.post(f"{url}/api/v1/calls/outbound", headers=own, json=wish).status_code == 201
    assert len(tenant.api.get("/api/v1/calls").json()["data"]) == 1, "the own page's call alone"


def test_what_is_done_to_things_is_in_the_log_of_their_tenant_alone(stack: Stack, tenant: Tenant) -> None:
    api = tenant.api
    agent = api.post("/api/v1/agents", json={"name": "Bea", "livekit_agent_name": "bea"}).json()["id"]
    api.patch(f"/api/v1/agents/{agent}", json={"ring_timeout_s": 20})
    api.delete(f"/api/v1/agents/{agent}")
    hook = api.post("/api/v1/webhooks", json={"url": "http://127.0.0.1:9100/hook"}).json()["id"]
    api.post(f"/api/v1/webhooks/{hook}/rotate-secret")
    tenant.change_trunk(paused=True)
    tenant.change_trunk(paused=False)
    seen: list[dict[str, object]] = []
    cursor = None
    for _ in itertools.count():
        page = api.get("/api/v1/audit", params={"limit": 3} | ({"cursor": cursor} if cursor else {})).json()
        seen += page["data"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    actions = [str(entry["action"]) for entry in seen][::-1]
    assert [each for each in actions if each.startswith("agent.")] == [
        "agent.created",  # the operator's
        "agent.created",
        "agent.changed",
        "agent.deleted",
    ]
    assert {"webhook.created", "webhook.secret_rotated", "trunk.changed", "trunk.granted"} <= set(actions)
    changed = next(entry for entry in seen if entry["action"] == "agent.changed")
    assert changed["changed"] == ["ring_timeout_s"]
    filtered = api.get("/api/v1/audit", params={"target_id": agent, "action": "agent.deleted"}).json()
    assert len(filtered["data"]) == 1
    assert tenant.client(livemode=False).get("/api/v1/audit").json()["data"] == []
