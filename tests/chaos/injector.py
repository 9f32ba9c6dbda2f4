"""Carries out a plan's faults on a running stack, and ends them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import replace

import psutil

from local.deployment import client
from local.intercepting_proxy import LIVE
from local.probes import function_processes
from tests.chaos.faulty_proxy import FaultyProxy
from tests.chaos.plan import Fault, FaultKind
from tests.chaos.tenants import World
from tests.support import http
from tests.support.own_livekit import end_news
from trunkline.calls.queue_position import QueuePosition
from trunkline.storage.keys.calls import call_event_key, call_key
from trunkline.storage.keys.dialing import queue_key
from trunkline.storage.keys.webhooks import delivery_key
from trunkline.storage.table import Put

_MAX_FAILING_REQUESTS = 4
_REPEATED_RECORDS = 20


class Injector:
    """The faults of one run; `done` lists what was injected when, in seconds from the start."""

    def __init__(self, world: World, proxy: FaultyProxy) -> None:
        self._world, self._proxy = world, proxy
        self._stack = world.stack
        self._begun_s = time.monotonic()
        self._timers: list[threading.Timer] = []
        self._own_work: dict[FaultKind, Callable[[Fault], None]] = {
            FaultKind.KILL: self._kill,
            FaultKind.LIVEKIT_STOPS: self._stop_livekit,
            FaultKind.LIVEKIT_RESTARTS: self._restart_livekit,
            FaultKind.LIVEKIT_FAILS: self._fail_livekit,
            FaultKind.WEBHOOKS_TWICE: self._change_webhooks,
            FaultKind.WEBHOOKS_LOST: self._change_webhooks,
            FaultKind.POISON: self._poison,
            FaultKind.FORGED: self._forge,
        }
        self.done: list[str] = []

    def inject(self, fault: Fault) -> None:
        """Begin a fault; it ends by itself."""
        work = self._own_work.get(fault.kind, self._proxy.start_fault)
        if (fault.kind, fault.target) == (FaultKind.DUPLICATES, "stream"):
            work = self._repeat_records
        at_s = time.monotonic() - self._begun_s
        try:
            work(fault)
            note = ""
        except Exception as error:  # noqa: BLE001 - a fault that could not be injected is told in the report
            note = f" not injected: {error!r}"[:200]
        self.done.append(
            f"{at_s:7.1f} s  {fault.kind} {fault.target} for {fault.lasts_s} s, share {fault.share}{note}"
        )

    def stop(self) -> None:
        """End all faults."""
        self._proxy.stop_faults()
        for timer in self._timers:
            timer.cancel()
        os.kill(self._livekit_pid(), signal.SIGCONT)
        self._reset_webhooks()
        for key in self._planned_faults():
            self._control("faults", method=key, how="error_before", times=0)

    def _planned_faults(self) -> list[str]:
        return sorted({line.split()[3] for line in self.done if line.split()[2] == FaultKind.LIVEKIT_FAILS})

    def _later(self, after_s: float, work: Callable[[], None]) -> None:
        timer = threading.Timer(after_s, work)
        timer.daemon = True
        self._timers.append(timer)
        timer.start()

    def _control(self, path: str, **body: object) -> None:
        http.put(f"{self._stack.config.livekit[0]}/_control/{path}", json=body).raise_for_status()

    def _livekit_pid(self) -> int:
        return self._stack.processes.pids()["livekit"]

    def _kill(self, fault: Fault) -> None:
        for process in function_processes(self._stack, fault.target):
            with contextlib.suppress(psutil.Error):
                process.kill()

    def _stop_livekit(self, fault: Fault) -> None:
        pid = self._livekit_pid()
        os.kill(pid, signal.SIGSTOP)
        self._later(fault.lasts_s, lambda: os.kill(pid, signal.SIGCONT))

    def _restart_livekit(self, fault: Fault) -> None:
        self._control("restart", keeps_rooms=fault.target == "rooms")

    def _fail_livekit(self, fault: Fault) -> None:
        times = max(1, round(fault.share * _MAX_FAILING_REQUESTS))
        self._control("faults", method=fault.target, how=fault.how, times=times)

    def _change_webhooks(self, fault: Fault) -> None:
        url = f"{self._stack.config.api_url}/livekit/webhook"
        self._control("webhooks", urls=[url, url] if fault.kind is FaultKind.WEBHOOKS_TWICE else [])
        self._later(fault.lasts_s, self._reset_webhooks)

    def _reset_webhooks(self) -> None:
        self._control("webhooks", urls=[f"{self._stack.config.api_url}/livekit/webhook"])

    def _poison(self, fault: Fault) -> None:
        """Write an item or a message that cannot be read."""
        tenant = next(iter(self._world.tenants.values()))
        unknown, now_ms = str(uuid.uuid4()), int(time.time() * 1000)
        if fault.target == "wake":
            url = self._stack.outputs.values["DialQueueUrl"]
            client(self._stack.config, "sqs").send_message(
                QueueUrl=url, MessageBody='{"trunk', MessageGroupId="x"
            )
            return
        line = QueuePosition(tenant.id, 0, False, now_ms * 1000, unknown).key
        items = {
            "line_key": queue_key(tenant.trunk.id, f"{tenant.id}#05#0#x#{unknown}").as_item(),
            "line_of_no_call": queue_key(tenant.trunk.id, line).as_item(),
            "call": call_key(unknown).as_item() | {"state": "no such state", "tenant_id": tenant.id},
            "event": call_event_key(unknown, 1).as_item() | {"type": "completed", "tenant_id": tenant.id},
            "delivery": delivery_key(self._world.webhooks["alpha"]["id"], now_ms, "x").as_item(),
        }
        self._stack.operator().table.write(Put(items[fault.target]))

    def _forge(self, _: Fault) -> None:
        """Tell, with the hostile tenant's keys and with none, that calls of other tenants ended."""
        state = http.get(f"{self._stack.config.livekit[0]}/_control/state").json()
        rooms = [text.split('name: "', 1)[1].split('"', 1)[0] for text in state["rooms"]]
        for room in rooms[:5]:
            end_news(self._stack, self._world.own, room)
            end_news(self._stack, replace(self._world.own, secret="not the secret" * 3), room)

    def _repeat_records(self, _: Fault) -> None:
        """Invoke the fan-out again with records of the stream about calls."""
        config = self._stack.config
        streams = client(config, "dynamodbstreams")
        table = client(config, "dynamodb").describe_table(TableName=self._stack.outputs.values["TableName"])
        arn = table["Table"]["LatestStreamArn"]
        records = []
        for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
            iterator = streams.get_shard_iterator(
                StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
            records += streams.get_records(ShardIterator=iterator)["Records"]
        events = [record for record in records if _tells_of_a_call(record["dynamodb"])]
        payload = json.dumps({"Records": events[-_REPEATED_RECORDS:]}, default=str).encode()
        name = "trunkline-local-event-fanout"
        client(config, "lambda").invoke(
            FunctionName=name, Qualifier=LIVE, InvocationType="Event", Payload=payload
        )


def _tells_of_a_call(change: dict[str, dict[str, dict[str, str]]]) -> bool:
    image = change.get("NewImage", {})
    return image.get("sk", {}).get("S", "").startswith("EVENT#")
