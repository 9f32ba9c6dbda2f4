"""A pass of the reconciler's process beside a tenant whose LiveKit is hostile: all other repairs are done."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from functions import call_resources
from functions.call_reconciler.bootstrap import CallReconcilerProcess
from functions.reconciler import bootstrap
from functions.reconciler.bootstrap import ReconcilerProcess
from tests.support.builders import TRUNK, make_call, make_web_call
from tests.support.hostile_livekit import endless
from tests.support.memory_table import MemoryTable
from trunkline.calls.models import Call
from trunkline.calls.queue_position import QueuePosition
from trunkline.calls.reasons import Reason
from trunkline.calls.repository import CallRepository
from trunkline.calls.states import Phase, State
from trunkline.core import aws_clients
from trunkline.core.clock import SystemClock
from trunkline.core.item_guard import ITEMS_FAILED
from trunkline.core.logging import logger
from trunkline.core.metrics import MetricWriter
from trunkline.core.settings import CallReconcilerSettings, ReconcilerSettings
from trunkline.livekit import client as livekit_client
from trunkline.livekit.credentials import LiveKitCredentials, as_secret
from trunkline.livekit.sdk_boundary import MAX_ANSWER_BYTES
from trunkline.reconciler.tasks import RepairTask
from trunkline.storage.keys.tenants import own_livekit_key
from trunkline.storage.table import Put
from trunkline.trunks.repository import TrunkRepository

HEALTHY, HOSTILE = "tenant-1", "tenant-2"
HOSTILE_TRUNK = replace(TRUNK, id="trunk_hostile", sip_trunk_id="ST_2", livekit_tenant_id=HOSTILE)
SECRET = "a secret of at least thirty-two characters"
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
MINUTE_MS = 60_000


def status(code: int, body: bytes, **headers: str) -> Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=code, body=body, headers={"Content-Type": "application/json"} | headers)

    return answer


async def hang(_: web.Request) -> web.StreamResponse:
    await asyncio.sleep(60)
    return web.Response()


async def reset(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


BOMB = gzip.compress(b"[0, 0, 0, 0]" * (100 * MAX_ANSWER_BYTES // 12))
NOT_FOUND = status(404, b'{"code": "not_found", "msg": "participant does not exist"}')
ANSWERS: dict[str, Answer] = {
    "list": status(500, b"[]"),
    "null": status(500, b"null"),
    "null with 200": status(200, b"null"),
    "number": status(400, b"5"),
    "empty": status(500, b""),
    "null message": status(500, b'{"code": "internal", "msg": null}'),
    "long code": status(400, json.dumps({"code": "eyJ" * 150_000}).encode()),
    "nested": status(500, b"[" * 100_000),
    "bomb": status(500, BOMB, **{"Content-Encoding": "gzip"}),
    "bomb with 200": status(200, BOMB, **{"Content-Encoding": "gzip"}),
    "endless": endless,
    "hang": hang,
    "reset": reset,
    "redirect": status(302, b"", Location="http://169.254.169.254/latest/meta-data/"),
}


class Aws:
    """The services beside the table; each request to SQS is recorded, all others are answered emptily."""

    def __init__(self, secrets: dict[str, str]) -> None:
        self.secrets, self.sent = secrets, list[dict[str, Any]]()
        self.tasks = list[RepairTask]()

    def client(self, _: str) -> Aws:
        return self

    def get_secret_value(self, SecretId: str) -> dict[str, str]:  # noqa: N803 - boto3's name
        return {"SecretString": self.secrets[SecretId]}

    def send_message(self, **message: Any) -> dict[str, Any]:
        self.sent.append(message)
        return {}

    def send_message_batch(self, QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        assert QueueUrl == "repair_queue_url"
        self.tasks += [RepairTask.from_json(entry["MessageBody"]) for entry in Entries]
        return {}

    @property
    def woken(self) -> set[str]:
        return {message["MessageGroupId"] for message in self.sent if "MessageGroupId" in message}


@asynccontextmanager
async def livekit_server(answer: Answer) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield site.name
    finally:
        await runner.cleanup()


class Deployment:
    """A table with the calls of two tenants, each with its own LiveKit project."""

    def __init__(self) -> None:
        self.table = MemoryTable()
        self.calls, self.trunks = CallRepository(self.table), TrunkRepository(self.table)
        self.now_ms = SystemClock().wall_ms()
        for trunk, tenant_id in ((TRUNK, HEALTHY), (HOSTILE_TRUNK, HOSTILE)):
            self.trunks.create(trunk)
            self.trunks.grant(trunk.id, tenant_id)
        item = {"secret_arn": "own", "url": "http://own", "api_key": "own", "changed_at_ms": self.now_ms}
        self.table.write(Put(own_livekit_key(HOSTILE).as_item() | item))

    async def one_pass(self, aws: Aws) -> Counter[str]:
        """Plan a pass, and do its tasks."""
        meter, log = MetricWriter("reconciler"), logger("test")
        names = {name: name for name in ReconcilerSettings.__dataclass_fields__}
        repairs = ReconcilerProcess(ReconcilerSettings(**names), log, meter).reconcile()
        names = {name: name for name in CallReconcilerSettings.__dataclass_fields__}
        settings = CallReconcilerSettings(**names | {"outgoing_loopback_ports": "1024-65535"})
        worker = CallReconcilerProcess(settings, log, meter)
        while aws.tasks:
            repairs += await worker.run(aws.tasks.pop(0))
        meter.flush()
        return repairs

    def add(self, number: int, tenant_id: str, **values: Any) -> Call:
        """Store a call that began ten minutes ago."""
        trunk = TRUNK if tenant_id == HEALTHY else HOSTILE_TRUNK
        born_ms = self.now_ms - 10 * MINUTE_MS
        times = {"created_at_ms": born_ms, "expires_at_ms": born_ms + 60 * MINUTE_MS}
        call = make_call(number, tenant_id=tenant_id, trunk_id=trunk.id, **(times | values))
        place = QueuePosition(tenant_id, 5, False, born_ms * 1000 + number, call.id)
        self.calls.create(replace(call, queue_position=place.key))
        return call

    def active(self, number: int, tenant_id: str, **values: Any) -> Call:
        """Store a call that was answered two minutes ago; LiveKit told nothing since."""
        begun_ms = self.now_ms - 2 * MINUTE_MS
        marks: dict[str, Any] = {"state": State.ACTIVE, "phase": Phase.SETTLED, "claim": 1}
        marks |= {"connecting_at_ms": begun_ms, "answered_at_ms": begun_ms, "room_name": f"room-{number}"}
        return self.add(number, tenant_id, **(marks | values))

    def web(self, number: int, tenant_id: str) -> Call:
        """Store a web call that both have left two minutes ago."""
        begun_ms = self.now_ms - 2 * MINUTE_MS
        call = make_web_call(
            id=f"00000000-0000-4000-8000-{number:012d}",
            tenant_id=tenant_id,
            state=State.ACTIVE,
            created_at_ms=begun_ms,
            expires_at_ms=self.now_ms + MINUTE_MS,
            caller_joined_at_ms=begun_ms,
            answered_at_ms=begun_ms,
            room_name=f"web-{number}",
            livekit_tenant_id=HOSTILE if tenant_id == HOSTILE else None,
        )
        self.calls.create(call)
        return call

    def state_of(self, call: Call) -> tuple[State, Reason | None]:
        found = self.calls.load(call.id)
        assert found is not None
        return found.state, found.reason


@pytest.fixture
def deployment(monkeypatch: pytest.MonkeyPatch) -> Deployment:
    made = Deployment()
    monkeypatch.setattr(call_resources, "Table", lambda *_: made.table)
    monkeypatch.setattr(bootstrap, "Table", lambda *_: made.table)
    # A project that hangs is given 10 s for each of three rooms.
    monkeypatch.setattr(livekit_client, "_TIMEOUT_S", 0.3)
    return made


async def one_pass(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, hostile: Answer
) -> tuple[Counter[str], Aws]:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        return await hostile(request)

    async with livekit_server(NOT_FOUND) as healthy_url, livekit_server(answer) as hostile_url:
        secrets = {
            "livekit_secret_arn": as_secret(LiveKitCredentials(healthy_url, "devkey", SECRET)),
            "own": as_secret(LiveKitCredentials(hostile_url, "own", SECRET)),
        }
        aws = Aws(secrets)
        monkeypatch.setattr(aws_clients, "client", aws.client)
        repairs = await deployment.one_pass(aws)
    assert {path.rpartition("/")[2] for path in asked} >= {"GetParticipant", "DeleteRoom"}
    return repairs, aws


@pytest.mark.parametrize("name", ANSWERS)
async def test_a_hostile_livekit_keeps_no_repair_from_anybody_else(
    deployment: Deployment,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
) -> None:
    waiting = [deployment.add(number, tenant) for number, tenant in ((1, HEALTHY), (11, HOSTILE))]
    expires_ms = deployment.now_ms - 1
    expired = [
        deployment.add(number, tenant, expires_at_ms=expires_ms)
        for number, tenant in ((2, HEALTHY), (12, HOSTILE))
    ]
    gone = [deployment.active(number, HEALTHY) for number in (3, 4, 5)]
    doubtful = [deployment.active(number, HOSTILE) for number in (13, 14, 15, 16, 17)]
    begun_ms = deployment.now_ms - 60 * MINUTE_MS
    overdue = deployment.active(18, HOSTILE, connecting_at_ms=begun_ms, answered_at_ms=begun_ms)
    web_gone, web_doubtful = deployment.web(6, HEALTHY), deployment.web(19, HOSTILE)

    repairs, aws = await one_pass(deployment, monkeypatch, ANSWERS[name])

    assert repairs == {
        "expired": 2,
        "end_found": len(gone),
        "overdue": 1,
        "web_end_not_reported": 1,
        "line_woken": 2,
    }
    assert aws.woken == {TRUNK.id, HOSTILE_TRUNK.id}
    for call in gone:
        assert deployment.state_of(call) == (State.DISCONNECTED, Reason.CONNECTION_LOST)
    for call in (*doubtful, web_doubtful):
        assert deployment.state_of(call) == (State.ACTIVE, None), "nothing was learnt of it"
    assert deployment.state_of(web_gone) == (State.COMPLETED, Reason.END_NOT_REPORTED)
    assert deployment.state_of(overdue) == (State.DISCONNECTED, Reason.CONNECTION_LOST)
    assert {deployment.state_of(call)[0] for call in expired} == {State.TIMEOUT}
    assert {deployment.state_of(call)[0] for call in waiting} == {State.QUEUED}
    assert ITEMS_FAILED not in capsys.readouterr().out, "no answer of a LiveKit is a failure of ours"


async def test_a_project_whose_secret_is_broken_keeps_no_repair_from_anybody_else(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, doubtful = deployment.active(1, HEALTHY), deployment.active(2, HOSTILE)
    expired = deployment.add(3, HOSTILE, expires_at_ms=deployment.now_ms - 1)
    async with livekit_server(NOT_FOUND) as url:
        aws = Aws({"livekit_secret_arn": as_secret(LiveKitCredentials(url, "devkey", SECRET)), "own": "[]"})
        monkeypatch.setattr(aws_clients, "client", aws.client)
        repairs = await deployment.one_pass(aws)
    assert repairs == {"end_found": 1, "expired": 1}
    assert deployment.state_of(gone)[0] is State.DISCONNECTED
    assert deployment.state_of(doubtful)[0] is State.ACTIVE
    assert deployment.state_of(expired)[0] is State.TIMEOUT
