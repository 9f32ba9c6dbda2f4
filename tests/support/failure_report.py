"""What a failing test of the deployed stack shows: its tenants' calls, and the log lines about them."""

from __future__ import annotations

import time
from collections.abc import Iterable

import pytest

from tests.support.function_logs import LogLine, log_lines
from tests.support.tenant import Tenant

TENANTS = pytest.StashKey[list[Tenant]]()
BEGAN_MS = pytest.StashKey[int]()
MAX_CALLS = 10
MAX_LOG_LINES = 150
MAX_LINE_LENGTH = 600


def note_tenant(item: pytest.Item, tenant: Tenant) -> None:
    """Remember that the test made this tenant."""
    item.stash.setdefault(TENANTS, []).append(tenant)
    item.stash.setdefault(BEGAN_MS, int(time.time() * 1000))


def failure_sections(item: pytest.Item) -> list[tuple[str, str]]:
    """Title and text of each section to print: one a tenant with its calls, and one with log lines."""
    tenants = item.stash.get(TENANTS, [])
    if not tenants:
        return []
    sections: list[tuple[str, str]] = []
    ids: list[str] = []
    for tenant in tenants:
        call_ids, text = _calls_of(tenant)
        ids += [tenant.id, tenant.trunk.id, *call_ids]
        sections.append((f"calls of tenant {tenant.id}", text))
    lines = log_lines(tenants[0].stack, item.stash[BEGAN_MS])
    return [*sections, ("log lines of the functions", relevant(lines, ids))]


def _calls_of(tenant: Tenant) -> tuple[list[str], str]:
    """The ids of its newest calls, live and simulated, and their timelines."""
    ids, texts = [], []
    for livemode in (True, False):
        with tenant.client(livemode=livemode) as api:
            for call in api.get("/api/v1/calls", params={"limit": MAX_CALLS}).json()["data"]:
                events = api.get(f"/api/v1/calls/{call['call_id']}/events")
                ids.append(call["call_id"])
                texts.append(timeline(call, events.json()["data"]))
    return ids, "\n".join(texts) or "none"


def timeline(call: dict[str, object], events: Iterable[dict[str, object]]) -> str:
    """One call's story: a line for how it stands, and one for each event."""
    head = f"call {call['call_id']}: {call['status']} ({call['status_reason']})"
    lines = [f"  {event['at']}  {event['type']}  {event['data'] or ''}".rstrip() for event in events]
    return "\n".join([head, *(_cut(line) for line in lines)])


def relevant(lines: Iterable[LogLine], ids: Iterable[str]) -> str:
    """The lines that name one of these ids, and errors, whomever they are of; the newest, in bounds."""
    wanted = ('"level":"ERROR"', "Traceback", *ids)
    found = [line for line in lines if any(word in line.text for word in wanted)]
    left_out = len(found) - MAX_LOG_LINES
    note = [f"… {left_out} earlier lines are left out"] if left_out > 0 else []
    return (
        "\n".join([*note, *(f"{line.function}: {_cut(line.text)}" for line in found[-MAX_LOG_LINES:])])
        or "none"
    )


def _cut(line: str) -> str:
    """Cut a long line in its middle: the cause of an error is at the end of its traceback."""
    half = MAX_LINE_LENGTH // 2
    return line if len(line) <= MAX_LINE_LENGTH else f"{line[:half]}…{line[-half:]}"
