"""`trunkline calls why`: sentences from calls, refused requests and rows of batches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trunkline_cli.explain import NEWEST_BATCHES, explain

CALL = {
    "call_id": "c1",
    "created_at": "T1",
    "status": "completed",
    "status_reason": "user_hangup",
    "answered_at": "T2",
    "ended_at": "T3",
    "earliest_at": None,
    "duration_seconds": 5,
}


class FakeLists:
    def __init__(self, **lists: list[dict[str, Any]]) -> None:
        self.lists, self.asked = lists, list[tuple[str, dict[str, str]]]()

    def pages(self, path: str, **query: str) -> Iterator[dict[str, Any]]:
        self.asked.append((path, query))
        yield from self.lists.get("results" if path.endswith("/results") else path, [])


def test_each_call_is_a_sentence() -> None:
    failed = CALL | {"status": "failed", "status_reason": "suppressed", "answered_at": None}
    lost = CALL | {"status": "disconnected", "status_reason": "connection_lost"}
    waits = CALL | {"status": "queued", "ended_at": None}
    rings = CALL | {"status": "connecting", "ended_at": None}
    unknown = CALL | {"duration_seconds": None}
    assert list(explain(FakeLists(calls=[CALL, failed, lost, waits, rings, unknown]), "+15550100001")) == [
        "T1: call c1 was answered and lasted 5 s (user_hangup).",
        "T1: call c1 was not answered, and ended as failed (suppressed).",
        "T1: call c1 was answered, and ended as disconnected (connection_lost).",
        "T1: call c1 waits: `GET /calls/c1` shows its queue_state.",
        "T1: call c1 is connecting now.",
        "T1: call c1 was answered and lasted for an unknown time (user_hangup).",
    ]


def test_refused_requests_and_rows_are_sentences() -> None:
    refusal = {"at": "T1", "source": "api", "type": "suppressed", "message": "No", "request_id": "r1"}
    row = {"row": 2, "file_line": 3, "phone_number": None, "value": "+…0001", "error_type": "invalid_request"}
    api = FakeLists(refusals=[refusal], batches=[{"id": "b1"}], results=[row | {"error": "Bad"}])
    assert list(explain(api, "+15550100001")) == [
        "T1: a request (api) was refused as suppressed: No (request r1).",
        "Batch b1: row 2, line 3 (+…0001) was refused as invalid_request: Bad.",
    ]
    assert ("refusals", {"phone_number": "+15550100001"}) in api.asked


def test_a_number_that_nobody_asked_for_is_told_and_few_batches_are_searched() -> None:
    api = FakeLists(batches=[{"id": str(n)} for n in range(NEWEST_BATCHES + 5)])
    (told,) = explain(api, "+15550100001")
    assert told.startswith("Nobody asked to call +15550100001")
    assert sum(path.endswith("/results") for path, _ in api.asked) == NEWEST_BATCHES
