"""The open sessions of a tenant: who is listed, and how one ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.store.fixtures_auth import OPERATOR, AuthHarness
from tests.store.fixtures_webhooks import all_items
from trunkline.auth.api_key_schemas import KeyRotation
from trunkline.auth.audit_log import AuditLog, AuditQuery
from trunkline.auth.principal import Principal
from trunkline.auth.session_service import SessionService
from trunkline.core.errors import InvalidApiKey, InvalidRequest, NotFound
from trunkline.storage.keys.tenants import session_entry
from trunkline.storage.table import Delete, Put

TEST = replace(OPERATOR, livemode=False)
OTHER = Principal("tenant-2", True, frozenset())


@pytest.fixture
def service(auth: AuthHarness) -> SessionService:
    return SessionService(auth.table, auth.clock)


def names(service: SessionService, principal: Principal = OPERATOR) -> list[str]:
    return [each["name"] for each in service.list(principal)["data"]]


def test_open_sessions_are_listed_with_who_opened_them(auth: AuthHarness, service: SessionService) -> None:
    first, second = auth.made(name="old"), auth.made(name="new")
    auth.login(first["key"])
    auth.clock.move_s(1)
    token = auth.login(second["key"], life_s=600)
    current = auth.sessions.find(token).id
    newest, oldest = service.list(OPERATOR, current=current)["data"]
    assert (newest["name"], newest["actor_id"], newest["current"]) == ("new", second["id"], True)
    assert (newest["address"], newest["livemode"]) == ("192.0.2.1", True)
    assert newest["opened_at"] < newest["expires_at"]
    assert (oldest["name"], oldest["current"]) == ("old", False)
    assert names(service, OTHER) == []


def test_sessions_that_have_ended_are_not_listed(auth: AuthHarness, service: SessionService) -> None:
    made, revoked, rotated = auth.made(name="a"), auth.made(name="revoked"), auth.made(name="rotated")
    auth.login(made["key"], life_s=60)
    closed = auth.login(made["key"])
    auth.sessions.close(auth.with_session(closed), closed)
    for other in (revoked, rotated):
        auth.login(other["key"])
    assert sorted(names(service)) == ["a", "revoked", "rotated"]
    auth.service.delete(OPERATOR, revoked["id"])
    auth.service.rotate(OPERATOR, rotated["id"], KeyRotation(overlap_seconds=30))
    assert sorted(names(service)) == ["a", "rotated"]
    auth.clock.move_s(30)
    assert names(service) == ["a"]
    auth.clock.move_s(30)
    assert names(service) == []


def test_an_ended_session_is_refused_at_once_and_its_end_is_audited(
    auth: AuthHarness, service: SessionService
) -> None:
    token = auth.login(auth.made()["key"])
    session_id = service.list(OPERATOR)["data"][0]["id"]
    auth.clock.move_s(1)
    service.end(OPERATOR, session_id)
    with pytest.raises(InvalidApiKey):
        auth.with_session(token)
    assert names(service) == []
    newest = AuditLog(auth.table).page(OPERATOR, AuditQuery())["data"][0]
    assert (newest["action"], newest["target_id"]) == ("session.ended", session_id)
    with pytest.raises(NotFound):
        service.end(OPERATOR, session_id)


def test_a_session_is_ended_by_its_own_tenant_and_mode_only(
    auth: AuthHarness, service: SessionService
) -> None:
    token = auth.login(auth.made()["key"])
    session_id = service.list(OPERATOR)["data"][0]["id"]
    for principal in (OTHER, TEST):
        with pytest.raises(NotFound):
            service.end(principal, session_id)
    auth.with_session(token)


def test_all_sessions_but_ones_own_end_together(auth: AuthHarness, service: SessionService) -> None:
    live, test = auth.made(name="live")["key"], auth.made(name="test", environment="test")["key"]
    own, other, of_test = (auth.login(key) for key in (live, live, test))
    current = auth.sessions.find(own).id
    assert service.end_others(OTHER, None) == {"ended": 0, "more": False}
    assert service.end_others(TEST, current) == {"ended": 1, "more": False}
    auth.with_session(other)
    assert service.end_others(OPERATOR, current) == {"ended": 1, "more": False}
    auth.with_session(own)
    for token in (other, of_test):
        with pytest.raises(InvalidApiKey):
            auth.with_session(token)


def test_a_hundred_sessions_end_in_one_request(auth: AuthHarness, service: SessionService) -> None:
    key = auth.made()["key"]
    principal, own = auth.enter(key), auth.login(key)
    hashed, current = auth.sessions.find(own).key_hash, auth.sessions.find(own).id
    for _ in range(102):
        auth.sessions.open(principal, hashed, 600)
    assert service.end_others(OPERATOR, current) == {"ended": 100, "more": True}
    assert service.end_others(OPERATOR, current) == {"ended": 2, "more": False}
    assert [each["id"] for each in service.list(OPERATOR)["data"]] == [current]


def test_test_mode_sees_sessions_of_test_keys_only(auth: AuthHarness, service: SessionService) -> None:
    auth.login(auth.made(name="live")["key"])
    auth.login(auth.made(name="test", environment="test")["key"])
    assert sorted(names(service)) == ["live", "test"]
    assert names(service, TEST) == ["test"]


def test_pages_of_sessions_go_on_where_the_last_one_ended(auth: AuthHarness, service: SessionService) -> None:
    key = auth.made()["key"]
    principal = auth.enter(key)
    hashed = auth.sessions.find(auth.login(key)).key_hash
    for _ in range(129):
        auth.clock.move_s(0.001)
        auth.sessions.open(principal, hashed, 600)
    seen: list[str] = []
    cursor = None
    while True:
        page = service.list(OPERATOR, cursor)
        seen += [each["id"] for each in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 130
    assert seen == sorted(seen, reverse=True)
    with pytest.raises(InvalidRequest):
        service.list(OPERATOR, "bm9uc2Vuc2U")


def test_a_session_of_an_earlier_release_still_closes(auth: AuthHarness, service: SessionService) -> None:
    token = auth.login(auth.made()["key"])
    stored = auth.sessions.find(token)
    item = next(item for pk, item in all_items(auth.table) if pk.startswith("S#"))
    auth.table.write(Put({name: value for name, value in item.items() if name != "session_id"}))
    auth.table.write(Delete(session_entry("tenant-1", stored.id or "")))
    auth.sessions.close(auth.with_session(token), token)
    with pytest.raises(InvalidApiKey):
        auth.with_session(token)
