"""Every list stays within a response of AWS Lambda, and its pages lose nothing.

Source: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html (6 MB a response).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store.fixtures_outbound import ME, OutboundHarness
from tests.support.builders import make_call
from tests.support.clocks import NOW_MS
from trunkline.calls.events import TOOL_EVENT
from trunkline.calls.report_schemas import Reports, TranscriptReport
from trunkline.calls.transcript_repository import TranscriptRepository
from trunkline.core.errors import InvalidRequest, RequestTooLarge
from trunkline.core.json_text import json_bytes, json_text, parse_json
from trunkline.core.pagination import encode_cursor
from trunkline.core.validation import validated
from trunkline.http_api.request_body import MAX_REQUEST_BYTES, parse_object
from trunkline.http_api.response_size import MAX_RESPONSE_BYTES, encoded_bytes, page_of
from trunkline.http_api.responses import Response
from trunkline.storage.item_size import MAX_ITEM_BYTES, value_bytes
from trunkline.storage.keys.calls import call_event_key, tool_payload_key, transcript_key
from trunkline.storage.table import Put
from trunkline.tool_runtime.recorder import recorded_payloads


@dataclass(frozen=True)
class Thing:
    name: str
    size: int

    @property
    def view(self) -> dict[str, Any]:
        return {"name": self.name, "text": "Ж" * self.size}


def pages(read: Callable[[str | None], tuple[Sequence[Any], str | None]]) -> list[Any]:
    """Read all pages; each must fit into a response."""
    found: list[Any] = []
    cursor: str | None = None
    while True:
        shown, cursor = read(cursor)
        body = Response(200, {"data": list(shown), "next_cursor": cursor}).to_payload()
        assert json_bytes(body) < MAX_RESPONSE_BYTES
        found += shown
        if cursor is None:
            return found
        assert shown


@settings(max_examples=20)
@given(st.lists(st.builds(Thing, st.text(max_size=9), st.integers(0, 2_000_000)), max_size=12, unique_by=id))
def test_the_pages_of_any_list_fit_and_lose_nothing(things: list[Thing]) -> None:
    numbered = list(enumerate(things))

    def position(numbered_thing: tuple[int, Thing]) -> str:
        return f"{numbered_thing[1].name}\x00{numbered_thing[0]:03d}"

    found = pages(lambda cursor: page_of(numbered, lambda each: each[1].view, position, cursor))
    assert found == [thing.view for _, thing in sorted(numbered, key=position)]


@pytest.mark.parametrize("cursor", ["!!", encode_cursor("x" * 501)])
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidRequest, match="cursor must be"):
        page_of([Thing("a", 1)], lambda each: each.view, lambda each: each.name, cursor)


@pytest.mark.parametrize("text", ["Ж" * 50, '"\\' * 50, "\n\x01" * 50, "😀" * 50, "plain"])
def test_a_value_counts_as_lambda_sends_it(text: str) -> None:
    payload = Response(200, {"a": text}).to_payload()
    outer = json_bytes(payload) - json_bytes(payload | {"body": ""})
    assert outer + 2 == encoded_bytes({"a": text})
    assert "\\u0416" not in payload["body"]
    assert parse_json(payload["body"]) == {"a": text}


@pytest.mark.memory_table
def test_the_timeline_of_a_call_with_large_tool_answers_has_pages(outbound: OutboundHarness) -> None:
    call = make_call(1)
    outbound.calls.create(call)
    payload = json_text("Ж" * 15_900)
    for number in range(2, 122):
        data = json_text({"invocation_id": f"inv_{number}", "tool": "t"})
        event = {"sequence": number, "type": TOOL_EVENT, "at_ms": NOW_MS, "data_json": data}
        outbound.table.write(Put(call_event_key(call.id, number).as_item() | event))
        bodies = {"params": payload, "result": payload}
        outbound.table.write(Put(tool_payload_key(call.id, f"inv_{number}").as_item() | bodies))
    reader = replace(outbound.reader, tool_payloads=partial(recorded_payloads, outbound.table))

    def read(cursor: str | None) -> tuple[Sequence[Any], str | None]:
        page = reader.events(ME, call.id, cursor)
        return page["data"], page["next_cursor"]

    found = pages(read)
    assert [event["sequence"] for event in found][-120:] == list(range(2, 122))
    assert all(event["data"]["result"] == "Ж" * 15_900 for event in found if event["type"] == TOOL_EVENT)


REPORTS = {
    "one long turn": ["Ж" * 125_000],
    "one long turn with escapes": ["Ж" * 43_000],
    "many short turns": ["Жё"] * 1000,
    "turns of emoji": ["😀" * 240] * 250,
    "turns of quotes": ['"' * 100] * 900,
}


def body_of(turns: list[dict[str, Any]], *, is_ascii: bool) -> bytes:
    report = {"type": "transcript", "turns": turns}
    return json.dumps({"reports": [report]}, ensure_ascii=is_ascii).encode()


@pytest.mark.parametrize("texts", REPORTS.values(), ids=REPORTS)
@pytest.mark.parametrize("is_ascii", [False, True])
def test_a_report_is_too_large_for_the_door_or_fits_into_an_item(
    outbound: OutboundHarness, texts: list[str], is_ascii: bool
) -> None:
    """DynamoDB's items have at most 400 KB.

    Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
    """
    turns = [{"sequence": n, "role": "user", "content": text} for n, text in enumerate(texts)]
    body = body_of(turns, is_ascii=is_ascii)
    if len(body) > MAX_REQUEST_BYTES:
        with pytest.raises(RequestTooLarge):
            parse_object(body)
        return
    (report,) = validated(Reports, parse_object(body)).reports
    assert isinstance(report, TranscriptReport)
    transcripts, call_id = TranscriptRepository(outbound.table), make_call(1).id
    assert transcripts.append(call_id, [turn.turn() for turn in report.turns], NOW_MS, None)
    (item,) = outbound.table.partition(transcript_key(call_id))
    assert value_bytes(item) <= MAX_ITEM_BYTES
    assert [turn.content for turn in transcripts.read(call_id).turns] == [turn["content"] for turn in turns]
