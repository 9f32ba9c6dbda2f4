"""Explanation of what became of a phone number: its calls, refused requests and rows of batches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

NEWEST_BATCHES = 20
"""Batches whose results are searched: each search reads all rows of a batch."""


class Lists(Protocol):
    """Reads whole lists of the API."""

    def pages(self, path: str, **query: str) -> Iterator[dict[str, Any]]: ...


def explain(api: Lists, phone_number: str) -> Iterator[str]:
    """Yield a sentence for each call, refused request and refused row of a number, newest first.

    The results of the 20 newest batches are searched.
    """
    told = False
    for call in api.pages("calls", phone_number=phone_number):
        told = True
        yield call_sentence(call)
    for refusal in api.pages("refusals", phone_number=phone_number):
        told = True
        yield refusal_sentence(refusal)
    batches = api.pages("batches", limit="100")
    for batch, _ in zip(batches, range(NEWEST_BATCHES), strict=False):
        for row in api.pages(f"batches/{batch['id']}/results", phone_number=phone_number, only="refused"):
            told = True
            yield row_sentence(batch, row)
    if not told:
        yield (
            f"Nobody asked to call {phone_number}: it has no call, no refused request of the last 30 days, "
            f"and no refused row in the {NEWEST_BATCHES} newest batches."
        )


def call_sentence(call: dict[str, Any]) -> str:
    """Say what became of a call."""
    begin = f"{call['created_at']}: call {call['call_id']}"
    if call["status"] == "completed":
        return f"{begin} was answered and lasted {_seconds(call)} ({call['status_reason']})."
    if call["ended_at"]:
        answered = "was answered, and" if call["answered_at"] else "was not answered, and"
        return f"{begin} {answered} ended as {call['status']} ({call['status_reason']})."
    if call["status"] in ("queued", "scheduled"):
        until = f" until {call['earliest_at']}" if call["earliest_at"] else ""
        return f"{begin} waits{until}: `GET /calls/{call['call_id']}` shows its queue_state."
    return f"{begin} is {call['status']} now."


def refusal_sentence(refusal: dict[str, Any]) -> str:
    """Say why a request was refused."""
    return (
        f"{refusal['at']}: a request ({refusal['source']}) was refused as {refusal['type']}: "
        f"{refusal['message']} (request {refusal['request_id']})."
    )


def row_sentence(batch: dict[str, Any], row: dict[str, Any]) -> str:
    """Say why a row of a batch was refused; refused rows show only the last digits of their numbers."""
    line = f", line {row['file_line']}" if row["file_line"] else ""
    return (
        f"Batch {batch['id']}: row {row['row']}{line} ({row['phone_number'] or row['value']}) was refused as "
        f"{row['error_type']}: {row['error']}."
    )


def _seconds(call: dict[str, Any]) -> str:
    duration_s = call["duration_seconds"]
    return "for an unknown time" if duration_s is None else f"{duration_s} s"
