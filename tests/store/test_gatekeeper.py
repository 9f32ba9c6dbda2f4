"""Who is let in: the window of a minute, and the sessions of the web UI."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from tests.builders import NOW_MS
from tests.store.key_world import OPERATOR, Scene
from trunkline.auth.authenticator import Credentials
from trunkline.auth.scopes import Scope
from trunkline.core.errors import CrossSite, InvalidApiKey, RateLimited
from trunkline.core.rate_limit import WINDOW_S
from trunkline.core.timestamps import iso_from_ms
from trunkline.storage.table import Table
from trunkline.tenants.repository import TenantRepository


@pytest.fixture
def scene(table: Table) -> Scene:
    return Scene(table)


# The window of a minute.


def test_the_limit_holds_in_a_minute_and_begins_anew_with_the_next(scene: Scene) -> None:
    key = scene.made(requests_per_minute=3)["key"]
    for left in (2, 1, 0):
        rate = scene.gate.admit(Credentials("GET", "192.0.2.1", "r", key=key)).rate
        assert rate.limit - rate.used == left
    with pytest.raises(RateLimited) as refused:
        scene.enter(key)
    assert 0 < (refused.value.retry_after_s or 0) <= WINDOW_S
    scene.clock.move_s(refused.value.retry_after_s or 0)
    scene.enter(key)


def test_the_headers_say_what_is_left(scene: Scene) -> None:
    scene.clock.now_ms = NOW_MS // 60_000 * 60_000 + 18_000
    key = scene.made()["key"]
    rate = scene.gate.admit(Credentials("GET", "192.0.2.1", "r", key=key)).rate
    assert rate.headers(scene.clock.wall_ms()) == {
        "RateLimit-Policy": '"key";q=600;w=60',
        "RateLimit": '"key";r=599;t=42',
    }


def test_a_common_request_is_one_write(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    key = scene.made()["key"]
    scene.enter(key)
    made: list[str] = []
    write = scene.table.write

    def counted(what: Any) -> Any:
        made.append(type(what).__name__)
        return write(what)

    def read(what: Any) -> Any:
        raise AssertionError(f"no read is needed, but {what}")

    monkeypatch.setattr(scene.table, "write", counted)
    monkeypatch.setattr(scene.table, "get", read)
    scene.enter(key)
    assert made == ["Update"]


def test_a_machine_whose_clock_is_behind_counts_in_the_same_minute(scene: Scene) -> None:
    key = scene.made(requests_per_minute=2)["key"]
    scene.clock.move_s(60)
    scene.enter(key)
    scene.clock.move_s(-60)
    scene.enter(key)
    with pytest.raises(RateLimited):
        scene.enter(key)


def test_never_more_than_the_limit_from_many_at_once(scene: Scene) -> None:
    key = scene.made(requests_per_minute=50)["key"]

    def ask(_: int) -> bool:
        try:
            scene.enter(key)
        except RateLimited:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(ask, range(200))) == 50


def test_the_tenants_own_default_holds_for_new_keys(scene: Scene) -> None:
    tenants = TenantRepository(scene.table)
    tenant_id = tenants.create("acme")
    tenants.set(tenant_id, {"requests_per_minute": 1000})
    assert scene.made(replace(OPERATOR, tenant_id=tenant_id))["requests_per_minute"] == 1000
    assert scene.made()["requests_per_minute"] == 600


def test_a_tenants_limit_reaches_its_keys_without_one_of_their_own(scene: Scene) -> None:
    usual, own = scene.made(), scene.made(requests_per_minute=5)
    scene.desk.apply_default(OPERATOR, 1200)
    assert scene.gate.admit(Credentials("GET", "192.0.2.1", "r", key=usual["key"])).rate.limit == 1200
    assert scene.gate.admit(Credentials("GET", "192.0.2.1", "r", key=own["key"])).rate.limit == 5


# Sessions.


def test_a_session_stands_for_its_key_and_is_stored_as_a_hash(scene: Scene, dynamodb: Any) -> None:
    token = scene.login(scene.made(scopes=["calls:read"])["key"])
    principal = scene.with_session(token)
    assert (set(principal.scopes), principal.actor.kind) == ({Scope.CALLS_READ}, "session")
    assert token not in str(dynamodb.scan(TableName="t")["Items"])


def test_a_session_ends_with_its_time_its_logout_or_its_key(scene: Scene) -> None:
    made = scene.made()
    short = scene.login(made["key"], life_s=60)
    closed, other = scene.login(made["key"]), scene.login(made["key"])
    principal = scene.with_session(closed)
    scene.sessions.close(principal, closed)
    with pytest.raises(InvalidApiKey):
        scene.with_session(closed)
    scene.clock.move_s(60)
    with pytest.raises(InvalidApiKey):
        scene.with_session(short)
    scene.with_session(other)
    scene.desk.delete(OPERATOR, made["id"])
    with pytest.raises(InvalidApiKey):
        scene.with_session(other)


def test_a_session_does_not_outlive_its_key(scene: Scene) -> None:
    token = scene.login(scene.made(expires_at=iso_from_ms(NOW_MS + 30_000))["key"])
    assert scene.sessions.find(token).expires_at_ms == NOW_MS + 30_000


@pytest.mark.parametrize(
    ("method", "headers", "in_"),
    [
        ("POST", {}, True),
        ("POST", {"fetch_site": "same-origin", "origin": "https://api.test"}, True),
        ("POST", {"fetch_site": "cross-site", "origin": "https://evil.test"}, False),
        ("POST", {"fetch_site": "same-site", "origin": "https://sub.api.test"}, False),
        ("POST", {"origin": "https://api.test", "host": "api.test"}, True),
        ("POST", {"origin": "https://evil.test", "host": "api.test"}, False),
        ("POST", {"origin": "null", "host": "api.test"}, False),
        ("DELETE", {"fetch_site": "cross-site"}, False),
        ("PATCH", {"fetch_site": "cross-site"}, False),
        ("GET", {"fetch_site": "cross-site"}, True),
    ],
)
def test_another_sites_page_changes_nothing_with_a_cookie(
    scene: Scene, method: str, headers: dict[str, str], in_: bool
) -> None:
    token = scene.login(scene.made()["key"])
    if in_:
        scene.with_session(token, method=method, **headers)
        return
    with pytest.raises(CrossSite):
        scene.with_session(token, method=method, **headers)


def test_a_key_counts_before_a_cookie(scene: Scene) -> None:
    token, key = scene.login(scene.made()["key"]), scene.made(environment="test")["key"]
    admitted = scene.gate.admit(Credentials("GET", "192.0.2.1", "r", key=key, session=token))
    assert admitted.principal.livemode is False
    with pytest.raises(InvalidApiKey):
        scene.gate.admit(Credentials("GET", "192.0.2.1", "r", key="as_live_nonsense", session=token))
