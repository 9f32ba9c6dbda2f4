"""Metrics of the steps of calls, counted where the table's stream is read: every way into a step is counted.

The stream repeats a record after a failure, so a count may rarely be too high.
"""

from __future__ import annotations

import json

from trunkline.calls.states import TERMINAL, State
from trunkline.core.metrics import (
    CALLS_ACCEPTED,
    CALLS_ANSWERED,
    CALLS_ENDED,
    CALLS_FAILED,
    TALK_TIME,
    TRUNKS_PAUSED,
    MetricWriter,
)
from trunkline.storage.keys.item import PK, Item

_UNHAPPY = TERMINAL - {State.COMPLETED}


def measure_event(item: Item, writer: MetricWriter) -> None:
    """Count an entry of a live call's timeline, or of a trunk's."""
    kind = item[PK].partition("#")[0]
    if kind == "TRUNKLOG" and item["type"] == "trunk.paused" and item.get("livemode", True):
        # "carrier_failing: SIP 503": the first part is one of a few words.
        writer.add(TRUNKS_PAUSED, reason=str(item["reason"]).partition(":")[0])
    if kind == "C" and item["livemode"]:
        _measure_step(item, writer)


def _measure_step(item: Item, writer: MetricWriter) -> None:
    step = item["type"]
    if item["sequence"] == 1:
        writer.add(CALLS_ACCEPTED)
    if step == State.ACTIVE:
        writer.add(CALLS_ANSWERED)
    if step not in TERMINAL:
        return
    writer.add(CALLS_ENDED, state=step)
    if talk_s := item.get("talk_s"):
        writer.add(TALK_TIME, talk_s)
    if step in _UNHAPPY:
        data = json.loads(item["data_json"])
        writer.add(CALLS_FAILED, reason=data.get("reason"), sip_status_code=data.get("sip_status_code"))
