"""Counts of calls by tenant and minute, from the entries of their timelines. Pure.

The entries come by the table's stream, so that no transaction of a call pays for a counter
(`docs/adr/0038-count-calls-beside-the-stream.md`).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from trunkline.calls.reasons import Reason
from trunkline.calls.states import TERMINAL, State
from trunkline.storage.keys.item import PK, Item
from trunkline.storage.keys.tenants import tenant_mode_of

MINUTE_MS = 60_000
_ENDED, _REASON = "ended_", "reason_"


@dataclass(frozen=True)
class CallCounts:
    """What became of calls in a time.

    `dialled` and `answered` count phone calls that ended in it: those that rang, and of them those that were
    picked up. `ended` counts by state, `failures` by reason those that did not complete.
    """

    accepted: int = 0
    dialled: int = 0
    answered: int = 0
    talk_s: int = 0
    ended: Mapping[str, int] = field(default_factory=dict)
    failures: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, counts: Mapping[str, int]) -> CallCounts:
        """Read counts by the names they are stored under; unknown ones are ignored."""
        return cls(
            counts.get("accepted", 0),
            counts.get("dialled", 0),
            counts.get("answered", 0),
            counts.get("talk_s", 0),
            {state.value: counts[_ENDED + state] for state in State if counts.get(_ENDED + state)},
            {reason.value: counts[_REASON + reason] for reason in Reason if counts.get(_REASON + reason)},
        )

    @property
    def answer_rate(self) -> float | None:
        """The share of dialled calls that were answered; None if none was dialled."""
        return round(self.answered / self.dialled, 4) if self.dialled else None

    @property
    def ended_in_all(self) -> int:
        return sum(self.ended.values())


def minute_of(at_ms: int) -> int:
    """Return the minute of a time, counted from 1970."""
    return at_ms // MINUTE_MS


class EventCounter:
    """Adds up the entries of a batch of stream records, by tenant, mode and minute."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, int], Counter[str]] = {}

    def add(self, item: Item) -> None:
        """Count an entry; any other item is ignored."""
        if not item[PK].startswith("C#"):
            return
        counted = Counter(dict(_counts_of(item)))
        if counted:
            owner = tenant_mode_of(item["tenant_id"], item["livemode"])
            self._counts.setdefault((owner, minute_of(item["at_ms"])), Counter()).update(counted)

    def take(self) -> dict[tuple[str, int], Mapping[str, int]]:
        """Return the counts by tenant mode and minute, and begin anew."""
        taken, self._counts = self._counts, {}
        return dict(taken)


def _counts_of(item: Item) -> Iterator[tuple[str, int]]:
    if item["sequence"] == 1:
        yield "accepted", 1
    if item["type"] not in TERMINAL:
        return
    yield _ENDED + item["type"], 1
    for name in ("dialled", "answered"):
        if item.get(name):
            yield name, 1
    if item.get("talk_s"):
        yield "talk_s", item["talk_s"]
    data: dict[str, Any] = json.loads(item["data_json"])
    if item["type"] != State.COMPLETED and (reason := data.get("reason")):
        yield _REASON + reason, 1
