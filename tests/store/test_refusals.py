"""Why a number was not called: its calls, and what was refused, for its tenant alone."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import pytest

from tests.store.fixtures_outbound import ME, OTHER, OutboundHarness
from tests.support.clocks import ManualClock
from trunkline.auth.principal import Actor
from trunkline.call_control.call_query import CallQuery
from trunkline.call_control.erase_call import EraseCallService
from trunkline.call_control.refusals import RETENTION_S, RefusalLog, RefusalQuery, number_of
from trunkline.call_templates.create_call import TemplateCallCreator
from trunkline.call_templates.models import CallKind
from trunkline.calls.models import Change
from trunkline.calls.states import State
from trunkline.core.errors import InvalidRequest, NumberSuppressed, TrunklineError
from trunkline.core.validation import validated_query
from trunkline.storage.idempotency import IdempotencyKey
from trunkline.storage.keys.item import TTL
from trunkline.storage.serialization import from_dynamodb
from trunkline.storage.table import Table

NUMBER = "+447911123456"


@pytest.fixture
def refusals(table: Table) -> RefusalLog:
    return RefusalLog(table, ManualClock(), logging.getLogger())  # type: ignore[arg-type]


def asked(number: str, **more: Any) -> RefusalQuery:
    return validated_query(RefusalQuery, {"phone_number": number, **more})


def listed(outbound: OutboundHarness, principal: Any = ME, **query: Any) -> list[str]:
    found = outbound.reader.list_calls(principal, validated_query(CallQuery, query))
    return [call["call_id"] for call in found["data"]]


def test_the_calls_of_a_number_are_listed_in_any_spelling_and_for_its_tenant_only(
    outbound: OutboundHarness,
) -> None:
    call = outbound.place(phoneNumber=NUMBER)
    other = outbound.place(phoneNumber="+14155552672")
    for spelling in (NUMBER, "+4407911123456"):
        assert listed(outbound, phone_number=spelling) == [call.id]
    assert listed(outbound, phone_number="+14155552672") == [other.id]
    assert listed(outbound, OTHER, phone_number=NUMBER) == []
    assert listed(outbound, replace(ME, livemode=False), phone_number=NUMBER) == []
    assert listed(outbound, phone_number=NUMBER, user_id="u1") == []
    with pytest.raises(InvalidRequest, match="%2B"):
        listed(outbound, phone_number="447911123456")


def test_an_erased_call_is_not_found_by_its_number(outbound: OutboundHarness) -> None:
    call = outbound.place(phoneNumber=NUMBER)
    ended = replace(call, state=State.CANCELLED, ended_at_ms=call.created_at_ms)
    outbound.calls.update(call.id, lambda _: Change(ended), call.created_at_ms)
    EraseCallService(outbound.calls, outbound.table, ManualClock()).erase(ME, call.id)
    assert listed(outbound, phone_number=NUMBER) == []


def test_a_refusal_tells_its_tenant_why_when_and_by_which_request(refusals: RefusalLog, table: Table) -> None:
    me = replace(ME, actor=Actor("api_key", request_id="req-1"))
    refusals.record(me, {"phoneNumber": NUMBER}, NumberSuppressed(), "api")
    (told,) = refusals.page(ME, asked("+4407911123456"))["data"]
    assert (told["type"], told["source"], told["request_id"]) == ("suppressed", "api", "req-1")
    assert told["phone_number"] == "+…3456"
    for another in (OTHER, replace(ME, livemode=False)):
        assert refusals.page(another, asked(NUMBER))["data"] == []
    (item,) = (item for item in everything(table) if item["pk"].startswith("REFUSED#"))
    assert item[TTL] == item["at_ms"] // 1000 + RETENTION_S
    assert NUMBER[1:] not in repr(item), "the number is hashed and masked"


def everything(table: Table) -> list[dict[str, Any]]:
    found = table._client.scan(TableName=table._name)["Items"]
    return [from_dynamodb(item) for item in found]


def test_refusals_are_read_in_pages_newest_first(refusals: RefusalLog) -> None:
    for n in range(5):
        refusals.clock.move_s(1)  # type: ignore[attr-defined]
        me = replace(ME, actor=Actor("api_key", request_id=f"req-{n}"))
        refusals.record(me, {"phoneNumber": NUMBER}, InvalidRequest("x"), "api")
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = refusals.page(ME, asked(NUMBER, limit="2", **({"cursor": cursor} if cursor else {})))
        seen += [each["request_id"] for each in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [f"req-{n}" for n in (4, 3, 2, 1, 0)]


def test_what_a_trigger_or_schedule_is_refused_is_kept(
    outbound: OutboundHarness, refusals: RefusalLog
) -> None:
    create = TemplateCallCreator(outbound.service, None, "trigger", refusals)  # type: ignore[arg-type]
    key = IdempotencyKey.of_event("trigger#1", "e1")
    with pytest.raises(TrunklineError):
        create(ME, CallKind.OUTBOUND, {"agentId": "x", "phoneNumber": NUMBER}, key)
    (told,) = refusals.page(ME, asked(NUMBER))["data"]
    assert (told["source"], told["type"]) == ("trigger", "invalid_request")


@pytest.mark.parametrize(
    ("body", "number"),
    [
        ({"phoneNumber": " +1 "}, "+1"),
        ({"phone_number": NUMBER}, NUMBER),
        ({"user_context": {"phone": NUMBER}}, NUMBER),
        ({"user_context": [NUMBER]}, None),
        ({"phoneNumber": 5}, None),
        ({"phoneNumber": ""}, None),
        ({}, None),
    ],
)
def test_the_number_is_found_in_the_body_of_any_route(body: dict[str, Any], number: str | None) -> None:
    assert number_of(body) == number
