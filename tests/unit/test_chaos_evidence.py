"""What a chaos run waits for and reads at its end: calls on all pages, batches, deliveries."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest

from benchmarks.packet_capture import InviteCapture
from tests.chaos import evidence as evidence_module
from tests.chaos.__main__ import as_json, summary
from tests.chaos.evidence import Evidence, LiveKitSampler
from tests.chaos.plan import make_plan
from tests.chaos.run import RunResult
from tests.chaos.tenants import HOSTILE, World
from tests.chaos.traffic import Ledger
from tests.faults.history import TrunkLimits, violations
from tests.support.tenant import Tenant


class Api:
    """A tenant's API with calls, one on each page, batches and deliveries to its endpoint.

    It answers 500 to requests whose URL matches `broken`.
    """

    def __init__(self) -> None:
        self.statuses = {"c1": "completed", "c2": "failed"}
        self.batch = "completed"
        self.deliveries: dict[str, list[dict[str, Any]]] = {"pending": [], "failed": []}
        self.reads = 0
        self.broken = ""

    def respond(self, request: httpx.Request) -> httpx.Response:
        path, query = request.url.path, request.url.params
        if self.broken and re.search(self.broken, str(request.url)):
            return httpx.Response(500, text="Internal Server Error")
        if path.endswith("/deliveries"):
            return httpx.Response(
                200, json={"data": self._deliveries(query.get("state")), "next_cursor": None}
            )
        if "/batches/" in path:
            return httpx.Response(200, json={"status": self.batch})
        if path.endswith("/calls"):
            names = list(self.statuses)
            at = int(query.get("cursor", "0"))
            after = str(at + 1) if at + 1 < len(names) else None
            return httpx.Response(200, json={"data": [{"call_id": names[at]}], "next_cursor": after})
        self.reads += 1
        call_id = path.rsplit("/", 1)[-1]
        status = self.statuses[call_id]
        shown = {"call_id": call_id, "status": status, "status_reason": "r", "data": {"status": status}}
        return httpx.Response(200, json=shown | {"timeline": [{"status": "active"}]})

    def _deliveries(self, state: str | None) -> list[dict[str, Any]]:
        return (
            self.deliveries[state]
            if state
            else [each for found in self.deliveries.values() for each in found]
        )


@pytest.fixture
def api() -> Api:
    return Api()


def evidence(api: Api, name: str = "alpha") -> Evidence:
    client = httpx.Client(transport=httpx.MockTransport(api.respond), base_url="http://api")
    tenant = Tenant("t", "key", cast(Any, None), cast(Any, None), client, cast(Any, None))
    healthy = {} if name == HOSTILE else {name: tenant}
    world = SimpleNamespace(
        tenants={name: tenant}, webhooks={name: {"id": "wh_1"}}, healthy=lambda: healthy, canaries={}
    )
    ledger, capture = Ledger(batches={"bat_1": name}), InviteCapture(1)
    made = cast(World, world)
    return Evidence(made, ledger, LiveKitSampler(made), capture, 0)


def test_a_run_has_settled_when_everything_has_ended(api: Api) -> None:
    assert evidence(api).unsettled() == []


def test_a_run_waits_for_calls_batches_and_deliveries(api: Api) -> None:
    api.statuses["c2"], api.batch = "queued", "running"
    api.deliveries["pending"] = [{"id": "dlv_1"}]
    assert evidence(api).unsettled() == ["c2", "bat_1: running", "dlv_1"]


def test_calls_that_ended_are_read_once(api: Api) -> None:
    api.statuses["c2"] = "queued"
    looked = evidence(api)
    looked.unsettled()
    api.statuses["c2"] = "cancelled"
    calls = looked.calls()
    assert {call.id: call.data_status for call in calls.values()} == {"c1": "completed", "c2": "cancelled"}
    assert api.reads == 3
    assert all(call.was_active and call.endpoint_is_healthy for call in calls.values())


def test_events_of_the_hostile_tenant_go_to_no_healthy_endpoint(api: Api) -> None:
    calls = evidence(api, HOSTILE).calls()
    assert [call.endpoint_is_healthy for call in calls.values()] == [False, False]


def test_an_api_that_fails_is_told(api: Api) -> None:
    api.broken = "/calls"
    with pytest.raises(httpx.HTTPStatusError):
        evidence(api).unsettled()


def test_the_end_of_a_run_is_read_from_every_place(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = evidence(api)
    looked.ledger.accepted["c1"] = "alpha"
    failed = {"event": {"call_id": "c2", "type": "call.failed"}}
    api.deliveries["failed"] = [{"id": "dlv_1", "state": "failed"} | failed]
    _complete(looked.world, tmp_path, monkeypatch)
    looked.sampler.most_legs["ST_1"] = 3
    history = looked.history({"a secret in a request to SQS SendMessage"})
    assert [(invite.trunk, invite.at_s) for invite in history.invites] == [("ST_1", 5.0), ("ST_2", 6.0)]
    assert history.told == {("c1", "call.started")}
    assert history.deliveries == {("c2", "call.failed", "failed")}
    assert history.slots_left == {"p (counter)": 1, "p (items)": 2}
    assert history.most_legs == {"ST_1": 3}
    assert history.leaks == ["['token'] in api", "a secret in a request to SQS SendMessage"]
    found = violations(history)
    assert sum(map(bool, found.values())) == 4
    result = RunResult(make_plan(1, 1), [], {}, {}, history, found, None, 1)
    kept = json.loads(as_json(result))
    assert (kept["history"]["most_legs"], kept["history"]["told"]) == ({"ST_1": 3}, [["c1", "call.started"]])
    assert "3 calls at once" in summary(result)


@pytest.mark.parametrize(
    ("broken", "unread", "read"),
    [
        (r"/calls\?", "the calls of alpha", set()),
        (r"/calls\?.*cursor", "the calls of alpha", {"c1"}),
        ("/calls/c1", "call c1", {"c2"}),
        ("/deliveries", "the deliveries of alpha", {"c1", "c2"}),
    ],
)
def test_what_cannot_be_read_is_a_violation_and_the_rest_is_reported(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str, unread: str, read: set[str]
) -> None:
    looked = evidence(api)
    _complete(looked.world, tmp_path, monkeypatch)
    api.broken = broken
    history = looked.history(set())
    (noted,) = violations(history)["everything can be read at the end"]
    assert noted.startswith(f"{unread}: ")
    assert "Internal Server Error" in noted
    assert set(history.calls) == read
    assert len(history.invites) == 2


def test_a_batch_that_cannot_be_read_has_not_ended(api: Api) -> None:
    api.broken = "/batches/"
    assert evidence(api).unsettled() == ["bat_1: 500"]


def _complete(world: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Add what the end of a run is read from: logs of INVITEs, slots, requests to the endpoint."""
    for place in ("table_of", "queues_of", "executions_of"):
        monkeypatch.setattr(evidence_module, place, lambda *_: "nothing")
    monkeypatch.setattr(evidence_module, "logs_of", lambda *_: {"api": "the canary-1 sings"})
    room = "call-00000000-0000-4000-8000-00000000000"
    lines = [{"trunk_id": trunk, "room": f"{room}{t}", "t": t} for trunk, t in (("ST_1", 5.0), ("ST_9", 1.0))]
    log = folder / "invites.jsonl"
    log.write_text("\n".join(json.dumps(line) for line in lines))
    trunks = SimpleNamespace(
        state=lambda _: SimpleNamespace(pools=lambda: ["p"]),
        slots_taken=lambda _: 1,
        slots=lambda _: iter([("c1", 1), ("c2", 1)]),
    )
    world.limits = {"ST_1": TrunkLimits(1, max_concurrent_calls=2), "ST_2": TrunkLimits(1)}
    world.own = SimpleNamespace(invites=lambda: [{"trunk_id": "ST_2", "room": f"{room}7", "t": 6.0}])
    world.stack = SimpleNamespace(
        config=SimpleNamespace(invite_log=log), operator=lambda: SimpleNamespace(trunks=trunks)
    )
    told = {"call_id": "c1"}
    events = ({"type": "call.started", "data": told}, {"type": "trunk.paused", "data": {}})
    world.endpoint = SimpleNamespace(requests=[SimpleNamespace(event=event) for event in events])
    world.canaries["token"] = "canary-1"
    world.tenants["alpha"].trunk = SimpleNamespace(id="trunk_1")
