"""The documents' Kafka consumers, and a Pipe's events, against a real Apache Kafka."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from local.deployment import client
from tests.stack.kafka.broker import NoKafka, broker
from tests.support import http
from tests.support.kafka_pipe import PIPE, pipe_module
from tests.support.tenant import Tenant

pytestmark = pytest.mark.xdist_group("kafka")
"""One worker runs them all: a broker takes seconds to start and 350 MB."""
DOCUMENTS = Path(__file__).parent / "documents"


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A broker's address; without Java these tests are skipped, and a warning says so."""
    try:
        with broker(tmp_path_factory.mktemp("kafka")) as address:
            yield address
    except NoKafka as none:
        warnings.warn(f"THE KAFKA EXAMPLES WERE NOT RUN: {none}", stacklevel=1)
        pytest.skip(str(none))


@pytest.fixture
async def producer(kafka: str) -> AsyncIterator[AIOKafkaProducer]:
    made = AIOKafkaProducer(
        bootstrap_servers=kafka, value_serializer=lambda value: json.dumps(value).encode()
    )
    await made.start()
    yield made
    await made.stop()


def workflow(tenant: Tenant, slug: str) -> None:
    tenant.api.post("/api/v1/workflows", json={"slug": slug, "entry_agent": "Ada"}).raise_for_status()


async def only_call(tenant: Tenant, slug: str) -> dict[str, Any]:
    for _ in range(300):
        found = tenant.api.get("/api/v1/calls", params={"workflow_slug": slug}).json()["data"]
        if found:
            assert len(found) == 1
            return tenant.call(found[0]["call_id"])
        await asyncio.sleep(0.1)
    raise AssertionError("no call was made")


async def test_the_guides_consumer_starts_a_call_at_a_signup(
    tenant: Tenant, kafka: str, producer: AIOKafkaProducer, tmp_path: Path
) -> None:
    workflow(tenant, "onboarding")
    text = (DOCUMENTS / "guide" / "kafka_consumer.py").read_text()
    for was, now in (
        ("https://api.yourdomain.com", tenant.stack.config.api_url),
        ("as_live_your_api_key_here", tenant.key),
        ("localhost:9092", kafka),
    ):
        assert was in text
        text = text.replace(was, now)
    script = tmp_path / "consumer.py"
    script.write_text(text)
    await producer.send_and_wait("user-events", {"type": "user.created"})
    environment = {"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1"}
    consumer = await asyncio.create_subprocess_exec(
        sys.executable, str(script), stdout=asyncio.subprocess.PIPE, env=environment
    )
    try:
        assert consumer.stdout is not None
        line = asyncio.create_task(consumer.stdout.readline())
        # It reads what comes after it joined its group: events are sent until one was heard.
        for number in range(60):
            await producer.send_and_wait("user-events", {"type": "user.login", "user_id": f"u-{number}"})
            await producer.send_and_wait(
                "user-events", {"type": "user.signup", "user_id": f"u-{number}", "name": "Eve"}
            )
            done, _ = await asyncio.wait([line], timeout=1)
            if done:
                break
        printed = (await line).decode()
    finally:
        consumer.terminate()
        await consumer.wait()
    assert printed.startswith("Dispatched onboarding call ")
    call = tenant.call(printed.split()[3])
    assert (call["workflow_slug"], call["user_id"]) == ("onboarding", printed.split()[5])


async def test_the_adrs_consumer_starts_a_call_at_a_login(
    tenant: Tenant, kafka: str, producer: AIOKafkaProducer
) -> None:
    workflow(tenant, "welcome-call")
    text = (DOCUMENTS / "adr" / "handle_event.py").read_text()
    text = text.replace("https://api.example.com", tenant.stack.config.api_url).replace(
        "as_live_xxx", tenant.key
    )
    names: dict[str, Any] = {"httpx": httpx}
    exec(text, names)  # noqa: S102 - the document's own words
    events = [
        {"type": "user.signup", "id": "e-1"},
        {"type": "user.login", "id": "e-2", "user_id": "u-2", "name": "Bo"},
    ]
    for event in events:
        await producer.send_and_wait("logins", event)
    consumer = AIOKafkaConsumer("logins", bootstrap_servers=kafka, auto_offset_reset="earliest")
    await consumer.start()
    try:
        async with http.async_client() as api:
            for _ in events:
                record = await consumer.getone()
                await names["handle_event"](json.loads(record.value), api)
    finally:
        await consumer.stop()
    call = await only_call(tenant, "welcome-call")
    assert (call["user_id"], call["data"]["metadata"]["event_id"]) == ("u-2", "e-2")


def as_pipes_does(template: str, record: dict[str, Any]) -> dict[str, Any]:
    """Put a record's values into an input template, as EventBridge Pipes documents it: the value of a Kafka
    record is decoded, and JSON is put in as such."""
    value = base64.b64decode(record["value"]).decode()
    for name in ("topic", "partition", "offset"):
        template = template.replace(f"<$.{name}>", str(record[name]))
    return dict(json.loads(template.replace("<$.value>", value)))


async def test_a_pipe_from_kafka_to_the_bus_starts_a_call_once(
    tenant: Tenant, kafka: str, producer: AIOKafkaProducer
) -> None:
    workflow(tenant, "onboarding")
    trigger = tenant.api.post("/api/v1/triggers", json=json.loads((PIPE / "trigger.json").read_text())).json()
    template = pipe_module().input_template(trigger["id"])
    for event in ({"type": "user.login"}, {"type": "user.signup", "user_id": "u-1", "name": "Eve"}):
        await producer.send_and_wait("signups", event)
    consumer = AIOKafkaConsumer("signups", bootstrap_servers=kafka, auto_offset_reset="earliest")
    await consumer.start()
    records = [await consumer.getone() for _ in range(2)]
    await consumer.stop()
    events, bus = client(tenant.stack.config, "events"), tenant.stack.outputs.values["EventBusName"]
    for record in [*records, records[1]]:
        told = {
            "topic": record.topic,
            "partition": record.partition,
            "offset": record.offset,
            "value": base64.b64encode(record.value).decode(),
        }
        detail = json.dumps(as_pipes_does(template, told))
        entry = {"Source": "kafka", "DetailType": "kafka.record", "Detail": detail, "EventBusName": bus}
        events.put_events(Entries=[entry])
    call = await only_call(tenant, "onboarding")
    assert (call["user_id"], call["data"]["metadata"]["event_id"]) == ("u-1", "signups-0-1")
    for _ in range(100):
        heard = tenant.api.get(f"/api/v1/triggers/{trigger['id']}/events").json()["data"]
        if len(heard) == 3:
            break
        await asyncio.sleep(0.1)
    assert sorted(each["outcome"] for each in heard) == ["called", "duplicate", "ignored"]
