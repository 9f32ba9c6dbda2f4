"""API keys in the table: made, bounded, rotated and revoked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.store.fixtures_auth import OPERATOR, AuthHarness
from tests.store.fixtures_dynamodb import TABLE_NAME
from tests.support.clocks import NOW_MS
from trunkline.auth import api_key_repository
from trunkline.auth.api_key_schemas import KeyRotation
from trunkline.auth.authenticator import Authenticator, Credentials
from trunkline.auth.scopes import Scope
from trunkline.core.errors import (
    AddressNotAllowed,
    CannotGrant,
    InvalidApiKey,
    InvalidRequest,
    LimitReached,
    NotFound,
    RateLimited,
)
from trunkline.core.timestamps import iso_from_ms


def test_a_key_is_stored_as_a_keyed_hash_only(auth: AuthHarness, dynamodb: Any) -> None:
    key = auth.made(scopes=["calls:read"], environment="test")["key"]
    principal = auth.enter(key)
    assert (principal.tenant_id, principal.livemode) == ("tenant-1", False)
    assert principal.scopes == {Scope.CALLS_READ}
    assert key not in str(dynamodb.scan(TableName=TABLE_NAME)["Items"])
    with pytest.raises(InvalidApiKey):
        Authenticator(auth.keys, auth.sessions, "another pepper", auth.clock).authenticate(
            Credentials("GET", "192.0.2.1", "r", key=key)
        )


def test_the_view_never_has_the_key_again(auth: AuthHarness) -> None:
    made = auth.made()
    key, key_id = made["key"], made["id"]
    shown = auth.service.get(OPERATOR, key_id)
    assert "key" not in shown
    assert shown["hint"].endswith(key[-4:])
    assert shown["last_used_at"] is None
    auth.clock.move_s(5)
    auth.enter(key)
    assert auth.service.list(OPERATOR)["data"][0]["last_used_at"] == iso_from_ms(NOW_MS + 5000)


def test_a_revoked_key_is_none_from_the_next_request_on(auth: AuthHarness) -> None:
    made = auth.made()
    auth.enter(made["key"])
    auth.service.delete(OPERATOR, made["id"])
    with pytest.raises(InvalidApiKey):
        auth.enter(made["key"])
    with pytest.raises(NotFound):
        auth.service.get(OPERATOR, made["id"])


def test_a_key_ends_at_its_time(auth: AuthHarness) -> None:
    key = auth.made(expires_at=iso_from_ms(NOW_MS + 10_000))["key"]
    auth.clock.move_s(9.9)
    auth.enter(key)
    auth.clock.move_s(0.1)
    with pytest.raises(InvalidApiKey):
        auth.enter(key)
    assert auth.service.list(OPERATOR)["data"][0]["status"] == "expired"
    with pytest.raises(InvalidRequest, match="expires_at"):
        auth.made(expires_at=iso_from_ms(NOW_MS))


@pytest.mark.parametrize(
    ("allowed", "address", "in_"),
    [
        (["203.0.113.0/24"], "203.0.113.77", True),
        (["203.0.113.0/24"], "203.0.114.1", False),
        (["198.51.100.7"], "198.51.100.7", True),
        (["2001:db8::/32"], "2001:db8:1::9", True),
        (["2001:db8::/32"], "203.0.113.1", False),
        (["203.0.113.0/24"], "nonsense", False),
        ([], "nonsense", True),
    ],
)
def test_a_key_is_good_from_its_addresses_alone(
    auth: AuthHarness, allowed: list[str], address: str, in_: bool
) -> None:
    key = auth.made(allowed_addresses=allowed)["key"]
    if in_:
        auth.enter(key, address)
        return
    with pytest.raises(AddressNotAllowed):
        auth.enter(key, address)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["everything"]}, "scopes"),
        ({"name": ""}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"environment": "prod"}, "environment"),
        ({"allowed_addresses": ["203.0.113.1/24"]}, "allowed_addresses"),
        ({"allowed_addresses": ["everywhere"]}, "allowed_addresses"),
        ({"requests_per_minute": 0}, "requests_per_minute"),
        ({"requests_per_minute": "5"}, "requests_per_minute"),
        ({"expires_at": "tomorrow"}, "expires_at"),
        ({"tenant_id": "tenant-2"}, "tenant_id"),
    ],
)
def test_bad_input_names_its_field(auth: AuthHarness, fields: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        auth.made(**fields)
    assert refused.value.field == field


# What a key may not give on.

BOUNDS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "scope": ({"scopes": ["calls:read", "api-keys:write"]}, {"scopes": ["calls:create"]}, "scopes"),
    "admin": ({"scopes": sorted(set(Scope) - {Scope.ADMIN})}, {"scopes": ["audit:read", "admin"]}, "scopes"),
    "live": ({"environment": "test"}, {"environment": "live"}, "environment"),
    "address": (
        {"allowed_addresses": ["203.0.113.0/24"]},
        {"allowed_addresses": ["203.0.0.0/16"]},
        "allowed_addresses",
    ),
    "longer": (
        {"expires_at": iso_from_ms(NOW_MS + 60_000)},
        {"expires_at": iso_from_ms(NOW_MS + 60_001)},
        "expires_at",
    ),
    "faster": ({"requests_per_minute": 10}, {"requests_per_minute": 11}, "requests_per_minute"),
}


@pytest.mark.parametrize(("mine", "wish", "field"), BOUNDS.values(), ids=BOUNDS)
def test_a_key_cannot_grant_what_it_has_not(
    auth: AuthHarness, mine: dict[str, Any], wish: dict[str, Any], field: str
) -> None:
    asking = auth.enter(auth.made(**mine)["key"], "203.0.113.9")
    kept = {name: value for name, value in {"scopes": ["calls:read"]}.items() if name not in wish}
    with pytest.raises(CannotGrant) as refused:
        auth.made(asking, **kept, **wish)
    assert refused.value.field == field


def test_what_is_left_out_is_the_asking_keys_own_bound(auth: AuthHarness) -> None:
    expires = iso_from_ms(NOW_MS + 60_000)
    mine = auth.made(
        expires_at=expires, allowed_addresses=["203.0.113.0/24"], requests_per_minute=10, environment="test"
    )
    made = auth.made(auth.enter(mine["key"], "203.0.113.9"), scopes=["calls:read"])
    assert made["expires_at"] == expires
    assert made["allowed_addresses"] == ["203.0.113.0/24"]
    assert made["requests_per_minute"] == 10
    assert made["environment"] == "test"


def test_create_and_initiate_are_one_right_to_grant(auth: AuthHarness) -> None:
    asking = auth.enter(auth.made(scopes=["calls:initiate", "api-keys:write"])["key"])
    assert auth.made(asking, scopes=["calls:create"])["scopes"] == ["calls:create"]


def test_a_key_that_can_do_more_is_neither_rotated_nor_widened(auth: AuthHarness) -> None:
    strong = auth.made(scopes=["admin"])
    weak = auth.enter(auth.made(scopes=["api-keys:write"])["key"])
    with pytest.raises(CannotGrant):
        auth.service.rotate(weak, strong["id"], KeyRotation())
    with pytest.raises(CannotGrant):
        auth.service.change(weak, strong["id"], {"name": "mine now"})
    auth.enter(strong["key"])


def test_a_test_key_sees_test_keys_alone(auth: AuthHarness) -> None:
    live = auth.made()
    asking = auth.enter(auth.made(environment="test")["key"])
    assert {key["environment"] for key in auth.service.list(asking)["data"]} == {"test"}
    for use in (auth.service.get, auth.service.delete):
        with pytest.raises(NotFound):
            use(asking, live["id"])


def test_another_tenants_key_is_none(auth: AuthHarness) -> None:
    made = auth.made()
    other = replace(OPERATOR, tenant_id="tenant-2")
    for use in (auth.service.get, auth.service.delete):
        with pytest.raises(NotFound):
            use(other, made["id"])
    assert auth.service.list(other)["data"] == []


@pytest.mark.parametrize("field", ["scopes", "environment"])
def test_rights_and_mode_of_a_key_stay(auth: AuthHarness, field: str) -> None:
    made = auth.made(scopes=["calls:read"])
    wish = {"scopes": ["admin"], "environment": "test"}[field]
    with pytest.raises(InvalidRequest, match=f"{field} can't be changed"):
        auth.service.change(OPERATOR, made["id"], {field: wish})


def test_bounds_are_changed_at_once(auth: AuthHarness) -> None:
    made = auth.made()
    changes = {"allowed_addresses": ["203.0.113.0/24"], "requests_per_minute": 2, "name": "renamed"}
    assert auth.service.change(OPERATOR, made["id"], changes)["name"] == "renamed"
    with pytest.raises(AddressNotAllowed):
        auth.enter(made["key"], "192.0.2.1")
    auth.enter(made["key"], "203.0.113.1")
    with pytest.raises(RateLimited):
        auth.enter(made["key"], "203.0.113.1")


# Rotation.


def test_rotation_ends_the_old_key_at_once_or_after_an_overlap(auth: AuthHarness) -> None:
    first = auth.made()
    second = auth.service.rotate(OPERATOR, first["id"], KeyRotation(overlap_seconds=60))
    assert second["id"] == first["id"]
    auth.enter(first["key"])
    assert auth.enter(second["key"]).scopes == {Scope.ADMIN}
    third = auth.service.rotate(OPERATOR, first["id"], KeyRotation(overlap_seconds=60))
    with pytest.raises(InvalidApiKey):
        auth.enter(first["key"])
    auth.enter(second["key"])
    auth.clock.move_s(60)
    with pytest.raises(InvalidApiKey):
        auth.enter(second["key"])
    auth.enter(third["key"])
    fourth = auth.service.rotate(OPERATOR, first["id"], KeyRotation())
    with pytest.raises(InvalidApiKey):
        auth.enter(third["key"])
    auth.service.delete(OPERATOR, first["id"])
    with pytest.raises(InvalidApiKey):
        auth.enter(fourth["key"])


def test_revoking_in_an_overlap_ends_both(auth: AuthHarness) -> None:
    first = auth.made()
    second = auth.service.rotate(OPERATOR, first["id"], KeyRotation(overlap_seconds=60))
    auth.service.delete(OPERATOR, first["id"])
    for key in (first["key"], second["key"]):
        with pytest.raises(InvalidApiKey):
            auth.enter(key)


def test_a_tenant_has_a_bounded_number_of_keys(auth: AuthHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_key_repository, "MAX_KEYS", 2)
    first = auth.made()
    auth.made()
    with pytest.raises(LimitReached):
        auth.made()
    auth.service.delete(OPERATOR, first["id"])
    auth.made()
