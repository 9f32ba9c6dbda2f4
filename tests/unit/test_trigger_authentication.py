"""How an event proves itself: three ways, and nothing else, and not for long."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from trunkline.triggers.authentication import TOLERANCE_S, verify_request
from trunkline.webhooks.signing import generate_secret, signature_headers

NOW_S = 1_700_000_000
SECRET, OTHER = generate_secret(b"a" * 24), generate_secret(b"b" * 24)
BODY = b'{"id": "e-1"}'


def signed(secret: str = SECRET, body: bytes = BODY, at_s: int = NOW_S) -> dict[str, str]:
    made = signature_headers(body, message_id="m-1", at_s=at_s, secrets=[secret])
    return {name.lower(): value for name, value in made.items()}


def only(headers: dict[str, str], *names: str) -> dict[str, str]:
    return {name: headers[name] for name in names}


STANDARD = ("webhook-id", "webhook-timestamp", "webhook-signature")
OURS = ("x-webhook-signature",)


@pytest.mark.parametrize("names", [STANDARD, OURS])
def test_a_signed_event_is_proven_and_an_altered_or_old_one_is_not(names: tuple[str, ...]) -> None:
    good = only(signed(), *names)
    assert verify_request(good, BODY, SECRET, NOW_S)
    assert verify_request(good, BODY, SECRET, NOW_S + TOLERANCE_S)
    assert not verify_request(good, BODY, SECRET, NOW_S + TOLERANCE_S + 1)
    assert not verify_request(good, BODY, SECRET, NOW_S - TOLERANCE_S - 1)
    assert not verify_request(good, BODY + b" ", SECRET, NOW_S)
    assert not verify_request(good, BODY, OTHER, NOW_S)


def test_a_foreign_library_signs_as_well() -> None:
    import datetime  # noqa: PLC0415

    moment = datetime.datetime.fromtimestamp(NOW_S, datetime.UTC)
    signature = Webhook(SECRET).sign("m-9", moment, BODY.decode())
    headers = {"webhook-id": "m-9", "webhook-timestamp": str(NOW_S), "webhook-signature": f"v1,x {signature}"}
    assert verify_request(headers, BODY, SECRET, NOW_S)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": f"Bearer {OTHER}"},
        {"authorization": SECRET},
        {"authorization": "Bearer "},
        {"authorization": f"Basic {SECRET}"},
        {"x-webhook-signature": "t=,v1="},
        {"x-webhook-signature": f"t={NOW_S}"},
        {"x-webhook-signature": f"v1={'0' * 64},t={NOW_S}"},
        {"webhook-id": "m", "webhook-timestamp": "\u0661", "webhook-signature": "v1,"},
        {"webhook-id": "m", "webhook-timestamp": "9" * 40, "webhook-signature": "v1,"},
        {"authorization": f"Bearer {OTHER}", **signed()},
    ],
)
def test_anything_else_is_not_proven(headers: dict[str, str]) -> None:
    assert not verify_request(headers, BODY, SECRET, NOW_S)


def test_the_secret_itself_is_proof_for_who_can_not_sign() -> None:
    assert verify_request({"authorization": f"bearer {SECRET}"}, BODY, SECRET, NOW_S)


@given(
    st.dictionaries(st.sampled_from(["authorization", *STANDARD, *OURS]), st.text(max_size=80)),
    st.binary(max_size=50),
)
def test_no_header_breaks_it(headers: dict[str, Any], body: bytes) -> None:
    assert not verify_request(headers, body, SECRET, NOW_S)
