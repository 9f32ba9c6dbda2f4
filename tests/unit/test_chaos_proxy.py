"""The proxy of chaos runs: it fails, throttles and repeats requests of one service, and sees secrets."""

from __future__ import annotations

import json

import pytest
from aiohttp import web

from local.intercepting_proxy import Exchange
from tests.chaos import faulty_proxy
from tests.chaos.faulty_proxy import FaultyProxy
from tests.chaos.plan import Fault, FaultKind

SQS, DYNAMODB = "AmazonSQS", "DynamoDB_20120810"
CANARY = "canary-1"


class Service:
    """Counts the requests that reach it."""

    def __init__(self) -> None:
        self.requests = 0

    async def respond(self) -> web.Response:
        self.requests += 1
        return web.Response(text="done")

    def exchange(self, service: str, operation: str = "SendMessage", body: bytes = b"{}") -> Exchange:
        return Exchange(operation, body, self.respond, service)


@pytest.fixture
def service() -> Service:
    return Service()


def failing(kind: FaultKind, target: str, share: float = 1.0) -> FaultyProxy:
    proxy = FaultyProxy("http://127.0.0.1:1", 1, [CANARY])
    proxy.start_fault(Fault(0, kind, target, 60, share, ""))
    return proxy


async def test_messages_are_sent_twice(service: Service) -> None:
    proxy = failing(FaultKind.DUPLICATES, "SQS")
    assert (await proxy.intercept(service.exchange(SQS))).status == 200
    assert service.requests == 2
    assert proxy.injected == {"duplicates SQS SendMessage": 1}


async def test_a_throttled_table_answers_as_dynamodb_does(service: Service) -> None:
    proxy = failing(FaultKind.AWS_THROTTLES, "DynamoDB")
    response = await proxy.intercept(service.exchange(DYNAMODB, "PutItem"))
    assert (response.status, service.requests) == (400, 0)
    assert json.loads(response.text or "")["__type"].endswith("#ProvisionedThroughputExceededException")


@pytest.mark.parametrize("kind", [FaultKind.AWS_FAILS, FaultKind.AWS_HANGS])
async def test_failed_requests_are_done_or_not(
    service: Service, kind: FaultKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faulty_proxy, "HANG_S", 0)
    proxy = failing(kind, "DynamoDB")
    statuses = {(await proxy.intercept(service.exchange(DYNAMODB))).status for _ in range(40)}
    assert statuses == {500}
    assert 0 < service.requests < 40


async def test_other_services_and_a_share_of_the_requests_go_through(service: Service) -> None:
    proxy = failing(FaultKind.AWS_FAILS, "SQS", share=0.5)
    assert (await proxy.intercept(service.exchange(DYNAMODB))).status == 200
    statuses = {(await proxy.intercept(service.exchange(SQS))).status for _ in range(40)}
    assert statuses == {200, 500}
    proxy.stop_faults()
    assert {(await proxy.intercept(service.exchange(SQS))).status for _ in range(40)} == {200}


async def test_a_secret_in_a_message_is_seen(service: Service) -> None:
    proxy = failing(FaultKind.DUPLICATES, "SQS", share=0)
    await proxy.intercept(service.exchange(SQS, body=b"nothing"))
    assert proxy.leaks == set()
    await proxy.intercept(service.exchange(SQS, body=f'{{"x": "{CANARY}"}}'.encode()))
    assert proxy.leaks == {"a secret in a request to SQS SendMessage"}
