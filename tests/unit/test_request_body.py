"""Request bodies: whatever is wrong with one is a 4xx with the document's text."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.call_control.outbound import OutboundCall
from trunkline.core.errors import InvalidRequest, RequestTooLarge
from trunkline.http_api.request_body import MAX_REQUEST_BYTES, read_body

GOOD = {"agentId": "550e8400-e29b-41d4-a716-446655440000", "phoneNumber": "+14155552671"}


def read(body: str | None, *, is_base64: bool = False) -> OutboundCall:
    return read_body(OutboundCall, body, is_base64=is_base64)


def fault_of(body: str | None, *, is_base64: bool = False) -> str:
    with pytest.raises(InvalidRequest) as caught:
        read(body, is_base64=is_base64)
    return caught.value.message


def test_defaults_are_the_documents() -> None:
    call = read(json.dumps(GOOD))
    assert (call.priority, call.metadata, call.callerId) == (5, {}, None)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"phoneNumber": "4155552671"}, "Phone number must be in E.164 format (+1234567890)"),
        ({"phoneNumber": "+0155552671"}, "Phone number must be in E.164 format (+1234567890)"),
        ({"phoneNumber": "+1415555267１"}, "Phone number must be in E.164 format (+1234567890)"),
        ({"phoneNumber": "+14155552671\n"}, "Phone number must be in E.164 format (+1234567890)"),
        ({"phoneNumber": "+1234567890123456"}, "Phone number must be in E.164 format (+1234567890)"),
        ({"phoneNumber": 14155552671}, "Phone number must be in E.164 format (+1234567890)"),
        ({"phoneNumber": None}, "Phone number must be in E.164 format (+1234567890)"),
        ({"agentId": "agent-1"}, "Invalid agent ID format"),
        ({"agentId": "550e8400e29b41d4a716446655440000"}, "Invalid agent ID format"),
        ({"agentId": None}, "Invalid agent ID format"),
        ({"priority": 11}, "Priority must be an integer between 0 and 10"),
        ({"priority": -1}, "Priority must be an integer between 0 and 10"),
        ({"priority": "5"}, "Priority must be an integer between 0 and 10"),
        ({"priority": True}, "Priority must be an integer between 0 and 10"),
        ({"priority": 5.5}, "Priority must be an integer between 0 and 10"),
        ({"callerId": "12"}, "Caller ID must be in E.164 format (+1234567890)"),
        ({"metadata": []}, "Metadata must be a JSON object of at most 32768 bytes"),
        ({"metadata": {"x": "y" * 40_000}}, "Metadata must be a JSON object of at most 32768 bytes"),
    ],
)
def test_each_fault_has_its_exact_text(change: dict[str, Any], message: str) -> None:
    assert fault_of(json.dumps(GOOD | change)) == f"Validation error: {message}"


@pytest.mark.parametrize("missing", ["agentId", "phoneNumber"])
def test_a_missing_field_is_the_same_fault_as_a_wrong_one(missing: str) -> None:
    body = {name: value for name, value in GOOD.items() if name != missing}
    assert fault_of(json.dumps(body)).startswith("Validation error: ")


@pytest.mark.parametrize(
    "body",
    [
        None,
        "",
        "{",
        "[]",
        "null",
        '"text"',
        '{"a": NaN}',
        '{"a": Infinity}',
        '{"a":' + "[" * 5000 + "]" * 5000 + "}",
        json.dumps(GOOD | {"metadata": json.loads('{"a":' * 40 + "1" + "}" * 40)}),
        '{"agentId": "\\ud800"}',
    ],
)
def test_what_is_no_sane_json_object_is_refused(body: str | None) -> None:
    fault_of(body)


def test_bad_utf8_and_bad_base64_are_refused() -> None:
    fault_of(base64.b64encode(b'{"agentId": "\xff\xfe"}').decode(), is_base64=True)
    fault_of("not base64 !", is_base64=True)


def test_a_huge_body_is_too_large() -> None:
    with pytest.raises(RequestTooLarge):
        read(json.dumps({"x": "y" * MAX_REQUEST_BYTES}))


def test_unknown_fields_are_refused() -> None:
    assert fault_of(json.dumps(GOOD | {"zzz": {"a": [1]}})) == "Validation error: unknown field zzz"


@given(st.text() | st.binary().map(lambda raw: base64.b64encode(raw).decode()), st.booleans())
def test_no_body_whatever_raises_anything_but_our_errors(body: str, is_base64: bool) -> None:
    with pytest.raises((InvalidRequest, RequestTooLarge)):
        read(body, is_base64=is_base64)
