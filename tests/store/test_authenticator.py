"""Who is let in: the window of a minute, and the sessions of the web UI."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from tests.store.fixtures_auth import OPERATOR, AuthHarness
from tests.store.fixtures_dynamodb import TABLE_NAME
from tests.support.clocks import NOW_MS
from trunkline.auth.authenticator import Credentials
from trunkline.auth.scopes import Scope
from trunkline.auth.sessions import session_view
from trunkline.core.errors import (
    CannotGrant,
    CrossSite,
    InvalidApiKey,
    InvalidRequest,
    ModeNotAllowed,
    RateLimited,
)
from trunkline.core.rate_limit import WINDOW_S
from trunkline.core.timestamps import iso_from_ms
from trunkline.tenants.repository import TenantRepository

# The window of a minute.


def test_the_limit_holds_in_a_minute_and_begins_anew_with_the_next(auth: AuthHarness) -> None:
    key = auth.made(requests_per_minute=3)["key"]
    for left in (2, 1, 0):
        rate = auth.authenticator.authenticate(Credentials("GET", "192.0.2.1", "r", key=key)).rate
        assert rate.limit - rate.used == left
    with pytest.raises(RateLimited) as refused:
        auth.enter(key)
    assert 0 < (refused.value.retry_after_s or 0) <= WINDOW_S
    auth.clock.move_s(refused.value.retry_after_s or 0)
    auth.enter(key)


def test_the_headers_say_what_is_left(auth: AuthHarness) -> None:
    auth.clock.now_ms = NOW_MS // 60_000 * 60_000 + 18_000
    key = auth.made()["key"]
    rate = auth.authenticator.authenticate(Credentials("GET", "192.0.2.1", "r", key=key)).rate
    assert rate.headers(auth.clock.wall_ms()) == {
        "RateLimit-Policy": '"key";q=600;w=60',
        "RateLimit": '"key";r=599;t=42',
    }


def test_a_common_request_is_one_write(auth: AuthHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    key = auth.made()["key"]
    auth.enter(key)
    made: list[str] = []
    write = auth.table.write

    def counted(what: Any) -> Any:
        made.append(type(what).__name__)
        return write(what)

    def read(what: Any) -> Any:
        raise AssertionError(f"no read is needed, but {what}")

    monkeypatch.setattr(auth.table, "write", counted)
    monkeypatch.setattr(auth.table, "get", read)
    auth.enter(key)
    assert made == ["Update"]


def test_a_machine_whose_clock_is_behind_counts_in_the_same_minute(auth: AuthHarness) -> None:
    key = auth.made(requests_per_minute=2)["key"]
    auth.clock.move_s(60)
    auth.enter(key)
    auth.clock.move_s(-60)
    auth.enter(key)
    with pytest.raises(RateLimited):
        auth.enter(key)


def test_never_more_than_the_limit_from_many_at_once(auth: AuthHarness) -> None:
    key = auth.made(requests_per_minute=50)["key"]

    def ask(_: int) -> bool:
        try:
            auth.enter(key)
        except RateLimited:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(ask, range(200))) == 50


def test_the_tenants_own_default_holds_for_new_keys(auth: AuthHarness) -> None:
    tenants = TenantRepository(auth.table)
    tenant_id = tenants.create("acme")
    tenants.set(tenant_id, {"requests_per_minute": 1000})
    assert auth.made(replace(OPERATOR, tenant_id=tenant_id))["requests_per_minute"] == 1000
    assert auth.made()["requests_per_minute"] == 600


def test_a_tenants_limit_reaches_its_keys_without_one_of_their_own(auth: AuthHarness) -> None:
    usual, own = auth.made(), auth.made(requests_per_minute=5)
    auth.service.ensure_default(OPERATOR, 1200)
    assert (
        auth.authenticator.authenticate(Credentials("GET", "192.0.2.1", "r", key=usual["key"])).rate.limit
        == 1200
    )
    assert (
        auth.authenticator.authenticate(Credentials("GET", "192.0.2.1", "r", key=own["key"])).rate.limit == 5
    )


# Sessions.


def test_a_session_stands_for_its_key_and_is_stored_as_a_hash(auth: AuthHarness, dynamodb: Any) -> None:
    token = auth.login(auth.made(scopes=["calls:read"])["key"])
    principal = auth.with_session(token)
    assert (set(principal.scopes), principal.actor.kind) == ({Scope.CALLS_READ}, "session")
    assert token not in str(dynamodb.scan(TableName=TABLE_NAME)["Items"])


def test_a_session_ends_with_its_time_its_logout_or_its_key(auth: AuthHarness) -> None:
    made = auth.made()
    short = auth.login(made["key"], life_s=60)
    closed, other = auth.login(made["key"]), auth.login(made["key"])
    principal = auth.with_session(closed)
    auth.sessions.close(principal, closed)
    with pytest.raises(InvalidApiKey):
        auth.with_session(closed)
    auth.clock.move_s(60)
    with pytest.raises(InvalidApiKey):
        auth.with_session(short)
    auth.with_session(other)
    auth.service.delete(OPERATOR, made["id"])
    with pytest.raises(InvalidApiKey):
        auth.with_session(other)


def test_a_session_does_not_outlive_its_key(auth: AuthHarness) -> None:
    token = auth.login(auth.made(expires_at=iso_from_ms(NOW_MS + 30_000))["key"])
    assert auth.sessions.find(token).expires_at_ms == NOW_MS + 30_000


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
    auth: AuthHarness, method: str, headers: dict[str, str], in_: bool
) -> None:
    token = auth.login(auth.made()["key"])
    if in_:
        auth.with_session(token, method=method, **headers)
        return
    with pytest.raises(CrossSite):
        auth.with_session(token, method=method, **headers)


def test_a_key_counts_before_a_cookie(auth: AuthHarness) -> None:
    token, key = auth.login(auth.made()["key"]), auth.made(environment="test")["key"]
    admitted = auth.authenticator.authenticate(Credentials("GET", "192.0.2.1", "r", key=key, session=token))
    assert admitted.principal.livemode is False
    with pytest.raises(InvalidApiKey):
        auth.authenticator.authenticate(
            Credentials("GET", "192.0.2.1", "r", key="as_live_nonsense", session=token)
        )


# The mode of a request.


def test_a_session_of_a_live_key_chooses_the_mode_of_each_request(auth: AuthHarness) -> None:
    token = auth.login(auth.made(scopes=["calls:read"])["key"])
    assert auth.with_session(token).livemode is True
    in_test = auth.with_session(token, mode="test")
    assert (in_test.livemode, in_test.tenant_mode) == (False, "tenant-1.test")
    assert in_test.scopes == {Scope.CALLS_READ}
    assert auth.with_session(token, mode="live").livemode is True


def test_a_session_of_a_test_key_never_acts_in_live_mode(auth: AuthHarness) -> None:
    token = auth.login(auth.made(environment="test")["key"])
    assert auth.with_session(token, mode="test").livemode is False
    with pytest.raises(ModeNotAllowed):
        auth.with_session(token, mode="live")


@pytest.mark.parametrize(("environment", "other"), [("live", "test"), ("test", "live")])
def test_a_key_acts_in_its_own_mode_alone(auth: AuthHarness, environment: str, other: str) -> None:
    key = auth.made(environment=environment)["key"]
    for mode in (None, environment):
        asked = Credentials("GET", "192.0.2.1", "r", key=key, mode=mode)
        assert auth.authenticator.authenticate(asked).principal.livemode is (environment == "live")
    with pytest.raises(ModeNotAllowed):
        auth.authenticator.authenticate(Credentials("GET", "192.0.2.1", "r", key=key, mode=other))


@pytest.mark.parametrize("mode", ["", "Test", "live,test", "TEST", "sandbox"])
def test_a_mode_that_is_none_is_refused(auth: AuthHarness, mode: str) -> None:
    token = auth.login(auth.made()["key"])
    with pytest.raises(InvalidRequest):
        auth.with_session(token, mode=mode)


def test_a_session_in_test_mode_makes_no_live_key(auth: AuthHarness) -> None:
    in_test = auth.with_session(auth.login(auth.made()["key"]), mode="test")
    assert auth.made(in_test)["environment"] == "test"
    with pytest.raises(CannotGrant):
        auth.made(in_test, environment="live")


def test_a_session_says_which_modes_it_has(auth: AuthHarness) -> None:
    live, practice = auth.made()["key"], auth.made(environment="test")["key"]
    session = auth.with_session(auth.login(live), mode="test")
    assert session_view(session, None)["modes"] == ["live", "test"]
    assert session_view(session, None)["livemode"] is False
    assert session_view(auth.with_session(auth.login(practice)), None)["modes"] == ["test"]
    assert session_view(auth.enter(live), None)["modes"] == ["live"]
