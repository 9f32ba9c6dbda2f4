"""Collects what a run left behind: calls, INVITEs, slots, deliveries, and secrets where they must not be."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from benchmarks.packet_capture import InviteCapture
from tests.chaos.tenants import HOSTILE, World
from tests.chaos.traffic import Ledger
from tests.faults.history import ENDED, CallRecord, History
from tests.faults.invariants import call_record, to_invite
from tests.support import http
from tests.support.secret_places import executions_of, logs_of, queues_of, table_of
from tests.support.tenant import Tenant

_SAMPLE_INTERVAL_S = 0.25
_SAMPLE_TIMEOUT_S = 2
_NOTE_LENGTH = 300
_BATCH_ENDS = ("completed", "cancelled")


@dataclass
class LiveKitSampler:
    """Looks at the stand-in while a run lasts: how many calls each trunk has, and what the rooms show."""

    world: World
    most_legs: Counter[str] = field(default_factory=Counter)
    leaks: set[str] = field(default_factory=set)
    samples: int = 0
    _stopped: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Look until `stop`; a stand-in that is stopped itself is not looked at."""
        url = f"{self.world.stack.config.livekit[0]}/_control/state"
        while not self._stopped.wait(_SAMPLE_INTERVAL_S):
            try:
                state = http.get(url, timeout=_SAMPLE_TIMEOUT_S).json()
            except httpx.HTTPError:
                continue
            self.samples += 1
            for trunk, count in state["legs"].items():
                self.most_legs[trunk] = max(self.most_legs[trunk], count)
            if found := _secrets_in(self.world, "".join(state["rooms"])):
                self.leaks.add(f"{found} in a LiveKit room")

    def stop(self) -> None:
        self._stopped.set()


@dataclass(frozen=True)
class Evidence:
    """Reads the end of a run from the API, the stand-in's log, the packets and the table."""

    world: World
    ledger: Ledger
    sampler: LiveKitSampler
    capture: InviteCapture
    since_ms: int
    _ended: dict[str, CallRecord] = field(default_factory=dict)

    def unsettled(self) -> list[str]:
        """Return what has not ended yet: calls, batches, and deliveries to the healthy endpoint."""
        open_calls = [call.id for call in self.calls().values() if call.data_status not in ENDED]
        pending = [
            delivery["id"]
            for name in self.world.healthy()
            for delivery in self._deliveries(name, state="pending")
        ]
        return open_calls + self._unfinished_batches() + pending

    def calls(self) -> dict[str, CallRecord]:
        """Return every call of the run's tenants, also those whose request got no answer.

        Raises:
            httpx.HTTPError: a listing cannot be read.
            AssertionError: a call cannot be read.
        """
        found = {
            call_id: self._call(name, call_id)
            for name in self.world.tenants
            for call_id in self._call_ids(name)
        }
        return found | self._ended

    def _call_ids(self, name: str) -> Iterator[str]:
        for listed in _pages(self.world.tenants[name], "/api/v1/calls"):
            yield listed["call_id"]

    def _call(self, name: str, call_id: str) -> CallRecord:
        """Read a call; one that has ended is read once."""
        if call_id in self._ended:
            return self._ended[call_id]
        call = replace(
            call_record(self.world.tenants[name].call(call_id)), endpoint_is_healthy=name != HOSTILE
        )
        if call.data_status in ENDED:
            self._ended[call_id] = call
        return call

    def history(self, leaks: set[str]) -> History:
        """Gather everything; `leaks` are secrets that were seen while the run lasted.

        What the API does not return is in `unread`: the report must show what the rest says.
        """
        limits, unread = self.world.limits, list[str]()
        packets_s = {trunk: self.capture.times_of(trunk) or [] for trunk in limits}
        lines = self.world.stack.config.invite_log.read_text().splitlines()
        invites = [json.loads(line) for line in lines] + self.world.own.invites()
        told = {
            (request.event["data"]["call_id"], request.event["type"])
            for request in list(self.world.endpoint.requests)
            if "call_id" in request.event["data"]
        }
        return History(
            limits=limits,
            accepted=frozenset(self.ledger.accepted),
            calls=self._readable_calls(unread),
            invites=[to_invite(line) for line in invites if line["trunk_id"] in limits],
            packets_s=packets_s,
            cancelled_at_s=self.ledger.cancelled_at_s,
            most_legs=dict(self.sampler.most_legs),
            slots_left=self._slots_left(),
            told=frozenset(told),
            deliveries=self._delivery_states(unread),
            unfinished_batches=self._unfinished_batches(),
            leaks=sorted(leaks | self.sampler.leaks | self._leaks()),
            wrong_responses=self.ledger.wrong_responses,
            unread=unread,
        )

    def _readable_calls(self, unread: list[str]) -> dict[str, CallRecord]:
        """Return the calls that can be read, and note the listings and calls that cannot."""
        found = dict(self._ended)
        for name in self.world.tenants:
            with _noted(f"the calls of {name}", unread):
                for call_id in self._call_ids(name):
                    with _noted(f"call {call_id}", unread):
                        found[call_id] = self._call(name, call_id)
        return found

    def _slots_left(self) -> dict[str, int]:
        """Count the slots in use, by the counter and by the items, of every pool of the run's trunks."""
        trunks = self.world.stack.operator().trunks
        left = {}
        for trunk_id in {tenant.trunk.id for tenant in self.world.tenants.values()}:
            state = trunks.state(trunk_id)
            for pool in state.pools() if state else ():
                left[f"{pool} (counter)"] = trunks.slots_taken(pool)
                left[f"{pool} (items)"] = len(list(trunks.slots(pool)))
        return left

    def _deliveries(self, name: str, **query: str) -> Iterator[dict[str, Any]]:
        webhook_id = self.world.webhooks[name]["id"]
        return _pages(self.world.tenants[name], f"/api/v1/webhooks/{webhook_id}/deliveries", **query)

    def _delivery_states(self, unread: list[str]) -> frozenset[tuple[str, str, str]]:
        found = set()
        for name in self.world.healthy():
            with _noted(f"the deliveries of {name}", unread):
                for delivery in self._deliveries(name):
                    event = delivery["event"]
                    found.add((event["call_id"], event["type"], delivery["state"]))
        return frozenset(found)

    def _unfinished_batches(self) -> list[str]:
        """Find batches that have not ended, or whose rows are not all accounted for."""
        found = []
        for batch_id, name in self.ledger.batches.items():
            answer = self.world.tenants[name].api.get(f"/api/v1/batches/{batch_id}")
            status = answer.json()["status"] if answer.is_success else answer.status_code
            if status not in _BATCH_ENDS:
                found.append(f"{batch_id}: {status}")
        return found

    def _leaks(self) -> set[str]:
        stack = self.world.stack
        places = {"table": table_of(stack), "queues": queues_of(stack)}
        places |= {"executions": executions_of(stack, self.since_ms)} | logs_of(stack, self.since_ms)
        found = {place: _secrets_in(self.world, text) for place, text in places.items()}
        return {f"{names} in {place}" for place, names in found.items() if names}


@contextmanager
def _noted(what: str, unread: list[str]) -> Iterator[None]:
    """Note that the API does not return something, so that what follows is still read."""
    try:
        yield
    except (httpx.HTTPError, AssertionError) as error:
        unread.append(f"{what}: {error!r}"[:_NOTE_LENGTH])


def _secrets_in(world: World, text: str) -> list[str]:
    return [name for name, canary in world.canaries.items() if canary in text]


def _pages(tenant: Tenant, path: str, **query: str) -> Iterator[dict[str, Any]]:
    """Read all pages of a listing.

    Raises:
        httpx.HTTPStatusError: the API refused.
    """
    cursor: dict[str, str] = {}
    while True:
        answer = tenant.api.get(path, params={"limit": "100"} | query | cursor)
        page = answer.raise_for_status().json()
        yield from page["data"]
        if not page["next_cursor"]:
            return
        cursor = {"cursor": page["next_cursor"]}
