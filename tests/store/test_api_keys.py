"""API keys in the table: made, bounded, rotated and revoked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.builders import NOW_MS
from tests.store.key_world import OPERATOR, Scene
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
from trunkline.storage.table import Table


@pytest.fixture
def scene(table: Table) -> Scene:
    return Scene(table)


def test_a_key_is_stored_as_a_keyed_hash_only(scene: Scene, dynamodb: Any) -> None:
    key = scene.made(scopes=["calls:read"], environment="test")["key"]
    principal = scene.enter(key)
    assert (principal.tenant_id, principal.livemode) == ("tenant-1", False)
    assert principal.scopes == {Scope.CALLS_READ}
    assert key not in str(dynamodb.scan(TableName="t")["Items"])
    with pytest.raises(InvalidApiKey):
        Authenticator(scene.keys, scene.sessions, "another pepper", scene.clock).admit(
            Credentials("GET", "192.0.2.1", "r", key=key)
        )


def test_the_view_never_has_the_key_again(scene: Scene) -> None:
    made = scene.made()
    key, key_id = made["key"], made["id"]
    shown = scene.desk.get(OPERATOR, key_id)
    assert "key" not in shown
    assert shown["hint"].endswith(key[-4:])
    assert shown["last_used_at"] is None
    scene.clock.move_s(5)
    scene.enter(key)
    assert scene.desk.list(OPERATOR)["data"][0]["last_used_at"] == iso_from_ms(NOW_MS + 5000)


def test_a_revoked_key_is_none_from_the_next_request_on(scene: Scene) -> None:
    made = scene.made()
    scene.enter(made["key"])
    scene.desk.delete(OPERATOR, made["id"])
    with pytest.raises(InvalidApiKey):
        scene.enter(made["key"])
    with pytest.raises(NotFound):
        scene.desk.get(OPERATOR, made["id"])


def test_a_key_ends_at_its_time(scene: Scene) -> None:
    key = scene.made(expires_at=iso_from_ms(NOW_MS + 10_000))["key"]
    scene.clock.move_s(9.9)
    scene.enter(key)
    scene.clock.move_s(0.1)
    with pytest.raises(InvalidApiKey):
        scene.enter(key)
    assert scene.desk.list(OPERATOR)["data"][0]["status"] == "expired"
    with pytest.raises(InvalidRequest, match="expires_at"):
        scene.made(expires_at=iso_from_ms(NOW_MS))


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
    scene: Scene, allowed: list[str], address: str, in_: bool
) -> None:
    key = scene.made(allowed_addresses=allowed)["key"]
    if in_:
        scene.enter(key, address)
        return
    with pytest.raises(AddressNotAllowed):
        scene.enter(key, address)


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
def test_bad_input_names_its_field(scene: Scene, fields: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        scene.made(**fields)
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
    scene: Scene, mine: dict[str, Any], wish: dict[str, Any], field: str
) -> None:
    asking = scene.enter(scene.made(**mine)["key"], "203.0.113.9")
    kept = {name: value for name, value in {"scopes": ["calls:read"]}.items() if name not in wish}
    with pytest.raises(CannotGrant) as refused:
        scene.made(asking, **kept, **wish)
    assert refused.value.field == field


def test_what_is_left_out_is_the_asking_keys_own_bound(scene: Scene) -> None:
    expires = iso_from_ms(NOW_MS + 60_000)
    mine = scene.made(
        expires_at=expires, allowed_addresses=["203.0.113.0/24"], requests_per_minute=10, environment="test"
    )
    made = scene.made(scene.enter(mine["key"], "203.0.113.9"), scopes=["calls:read"])
    assert made["expires_at"] == expires
    assert made["allowed_addresses"] == ["203.0.113.0/24"]
    assert made["requests_per_minute"] == 10
    assert made["environment"] == "test"


def test_create_and_initiate_are_one_right_to_grant(scene: Scene) -> None:
    asking = scene.enter(scene.made(scopes=["calls:initiate", "api-keys:write"])["key"])
    assert scene.made(asking, scopes=["calls:create"])["scopes"] == ["calls:create"]


def test_a_key_that_can_do_more_is_neither_rotated_nor_widened(scene: Scene) -> None:
    strong = scene.made(scopes=["admin"])
    weak = scene.enter(scene.made(scopes=["api-keys:write"])["key"])
    with pytest.raises(CannotGrant):
        scene.desk.rotate(weak, strong["id"], KeyRotation())
    with pytest.raises(CannotGrant):
        scene.desk.change(weak, strong["id"], {"name": "mine now"})
    scene.enter(strong["key"])


def test_a_test_key_sees_test_keys_alone(scene: Scene) -> None:
    live = scene.made()
    asking = scene.enter(scene.made(environment="test")["key"])
    assert {key["environment"] for key in scene.desk.list(asking)["data"]} == {"test"}
    for use in (scene.desk.get, scene.desk.delete):
        with pytest.raises(NotFound):
            use(asking, live["id"])


def test_another_tenants_key_is_none(scene: Scene) -> None:
    made = scene.made()
    other = replace(OPERATOR, tenant_id="tenant-2")
    for use in (scene.desk.get, scene.desk.delete):
        with pytest.raises(NotFound):
            use(other, made["id"])
    assert scene.desk.list(other)["data"] == []


@pytest.mark.parametrize("field", ["scopes", "environment"])
def test_rights_and_mode_of_a_key_stay(scene: Scene, field: str) -> None:
    made = scene.made(scopes=["calls:read"])
    wish = {"scopes": ["admin"], "environment": "test"}[field]
    with pytest.raises(InvalidRequest, match=f"{field} can't be changed"):
        scene.desk.change(OPERATOR, made["id"], {field: wish})


def test_bounds_are_changed_at_once(scene: Scene) -> None:
    made = scene.made()
    changes = {"allowed_addresses": ["203.0.113.0/24"], "requests_per_minute": 2, "name": "renamed"}
    assert scene.desk.change(OPERATOR, made["id"], changes)["name"] == "renamed"
    with pytest.raises(AddressNotAllowed):
        scene.enter(made["key"], "192.0.2.1")
    scene.enter(made["key"], "203.0.113.1")
    with pytest.raises(RateLimited):
        scene.enter(made["key"], "203.0.113.1")


# Rotation.


def test_rotation_ends_the_old_key_at_once_or_after_an_overlap(scene: Scene) -> None:
    first = scene.made()
    second = scene.desk.rotate(OPERATOR, first["id"], KeyRotation(overlap_seconds=60))
    assert second["id"] == first["id"]
    scene.enter(first["key"])
    assert scene.enter(second["key"]).scopes == {Scope.ADMIN}
    third = scene.desk.rotate(OPERATOR, first["id"], KeyRotation(overlap_seconds=60))
    with pytest.raises(InvalidApiKey):
        scene.enter(first["key"])
    scene.enter(second["key"])
    scene.clock.move_s(60)
    with pytest.raises(InvalidApiKey):
        scene.enter(second["key"])
    scene.enter(third["key"])
    fourth = scene.desk.rotate(OPERATOR, first["id"], KeyRotation())
    with pytest.raises(InvalidApiKey):
        scene.enter(third["key"])
    scene.desk.delete(OPERATOR, first["id"])
    with pytest.raises(InvalidApiKey):
        scene.enter(fourth["key"])


def test_revoking_in_an_overlap_ends_both(scene: Scene) -> None:
    first = scene.made()
    second = scene.desk.rotate(OPERATOR, first["id"], KeyRotation(overlap_seconds=60))
    scene.desk.delete(OPERATOR, first["id"])
    for key in (first["key"], second["key"]):
        with pytest.raises(InvalidApiKey):
            scene.enter(key)


def test_a_tenant_has_a_bounded_number_of_keys(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_key_repository, "MAX_KEYS", 2)
    first = scene.made()
    scene.made()
    with pytest.raises(LimitReached):
        scene.made()
    scene.desk.delete(OPERATOR, first["id"])
    scene.made()
