"""Headers and queries as clients write them: quoted keys, other programs' cookies, an unescaped plus."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.api.auth import session_token_of
from trunkline.call_control.call_query import CallQuery
from trunkline.core.errors import InvalidRequest
from trunkline.core.validation import validated_query
from trunkline.http_api.request import Request
from trunkline.storage.idempotency import IdempotencyKey

KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"


def keyed(value: str) -> IdempotencyKey | None:
    return IdempotencyKey.of({"idempotency-key": value}, "tenant-1#True#calls", {})


def request(*cookies: str, header: str = "") -> Request:
    return Request("GET", "/", "id", headers={"cookie": header}, cookies=cookies)


def test_a_key_in_quotes_is_the_same_key() -> None:
    assert keyed(f'"{KEY}"') == keyed(KEY)


@pytest.mark.parametrize(
    "value", ["", '""', f'"{KEY}', f'{KEY}"', f"'{KEY}'", f'""{KEY}""', f"{KEY}\n", "a" * 256]
)
def test_what_is_no_key_is_refused(value: str) -> None:
    with pytest.raises(InvalidRequest, match="Idempotency-Key must be"):
        keyed(value)


@pytest.mark.parametrize(
    "text",
    [
        "session=token",
        'prefs={"a":[1]}; session=token',
        'session=token; prefs={"a":[1]}',
        "a; b=; =c; session=token",
        'session="token"',
        "session=; session=token",
        "other_session=x;session=token",
    ],
)
def test_the_session_is_found_among_any_cookies(text: str) -> None:
    assert session_token_of(request(*text.split("; "))) == "token"
    assert session_token_of(request(header=text)) == "token"


@given(st.text())
def test_no_cookie_whatever_raises(text: str) -> None:
    session_token_of(request(text, header=text))


def test_an_unescaped_plus_is_explained() -> None:
    with pytest.raises(InvalidRequest, match="is written %2B") as refused:
        validated_query(CallQuery, {"created_after": "2026-01-01T00:00:00 00:00"})
    assert refused.value.field == "created_after"
    assert validated_query(CallQuery, {"created_after": "2026-01-01T00:00:00+00:00"})


@pytest.mark.parametrize("text", ["2026-01-01T00:00:00", "2026-01-01 00:00:00", "tomorrow", ""])
def test_other_faults_of_a_time_are_not(text: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        validated_query(CallQuery, {"created_after": text})
    assert "%2B" not in refused.value.message
