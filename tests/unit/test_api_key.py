"""API keys: their form, their checksum, their scopes, and where a request may carry one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.api.auth import api_key_of
from trunkline.auth.api_key import is_well_formed, key_hash, new_api_key
from trunkline.auth.principal import Principal
from trunkline.auth.scopes import Scope
from trunkline.core.errors import MissingScope
from trunkline.http_api.request import Request


@pytest.mark.parametrize(("livemode", "prefix"), [(True, "as_live_"), (False, "as_test_")])
def test_a_new_key_is_well_formed_and_says_its_mode(livemode: bool, prefix: str) -> None:
    key = new_api_key(livemode=livemode)
    assert key.startswith(prefix)
    assert is_well_formed(key)
    assert key != new_api_key(livemode=livemode)


@given(st.integers(8, 45), st.sampled_from("0aZ_-é"))
def test_one_wrong_character_is_noticed_without_a_look_up(place: int, character: str) -> None:
    key = new_api_key(livemode=True)
    wrong = key[:place] + character + key[place + 1 :]
    assert is_well_formed(wrong) == (wrong == key)


@given(st.text(max_size=60))
def test_any_text_is_refused_or_a_key_and_never_an_error(text: str) -> None:
    assert is_well_formed(text) in (True, False)


def test_the_stored_hash_depends_on_the_pepper() -> None:
    assert key_hash("k", "one") != key_hash("k", "two")
    assert "k" * 8 not in key_hash("k" * 8, "one")


def test_create_and_initiate_are_the_same_right() -> None:
    for held in (Scope.CALLS_CREATE, Scope.CALLS_INITIATE):
        principal = Principal("t", True, frozenset({held}))
        principal.require(Scope.CALLS_CREATE)
        principal.require(Scope.CALLS_INITIATE)
        with pytest.raises(MissingScope, match="Missing scope: calls:read"):
            principal.require(Scope.CALLS_READ)


@pytest.mark.parametrize(
    ("headers", "key"),
    [
        ({"x-api-key": "k"}, "k"),
        ({"authorization": "Bearer k"}, "k"),
        ({"authorization": "bearer k "}, "k"),
        ({"x-api-key": "a", "authorization": "Bearer b"}, "a"),
        ({"authorization": "Basic k"}, None),
        ({}, None),
    ],
)
def test_a_key_is_read_from_either_header(headers: dict[str, str], key: str | None) -> None:
    request = Request("GET", "/api/v1/calls", "id", headers=headers)
    assert api_key_of(request) == key
