"""Many clients that wait, on an API with little concurrency: others get through."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import httpx

from local.deployment import client
from local.stack import Stack
from tests.support.function_copy import api_copy
from tests.support.polling import poll
from tests.support.scheduled_calls import schedule_call
from tests.support.tenant import Tenant

CONCURRENCY = 6
LONG_POLLS = 4
OF_ONE_TENANT = LONG_POLLS // 2
POLLERS = 20
THROTTLED = 429


class Pollers:
    """Clients that wait for a call, again and again, as fast as they may; they count what they are told."""

    def __init__(self, api: httpx.Client, call_id: str) -> None:
        self._api, self._path = api, f"/api/v1/calls/{call_id}?wait=25"
        self._stopped = threading.Event()
        self.sent_back = 0

    def run(self, _: int) -> None:
        while not self._stopped.is_set():
            answer = self._api.get(self._path)
            if answer.status_code == THROTTLED:
                self._stopped.wait(1)
            elif pause_s := answer.json().get("poll_after_s"):
                self.sent_back += 1
                self._stopped.wait(pause_s)

    @contextmanager
    def running(self, count: int) -> Iterator[Pollers]:
        with ThreadPoolExecutor(count) as threads:
            futures = [threads.submit(self.run, number) for number in range(count)]
            try:
                yield self
            finally:
                self._stopped.set()
        for future in futures:
            future.result()


def slots_taken(stack: Stack) -> int:
    """How many of the first slots are taken, whoever waits."""
    dynamodb, table = client(stack.config, "dynamodb"), stack.outputs.values["TableName"]
    keys = [{"pk": {"S": f"LONGPOLL#{number}"}, "sk": {"S": "SLOT"}} for number in range(LONG_POLLS)]
    found: dict[str, Any] = dynamodb.batch_get_item(RequestItems={table: {"Keys": keys}})
    return len(found["Responses"][table])


def test_a_crowd_that_waits_keeps_nobody_out(stack: Stack, tenant: Tenant) -> None:
    watched = schedule_call(tenant, 3600)
    with api_copy(stack, tenant.key, LONG_POLLS=str(LONG_POLLS)) as api:
        bound_concurrency(stack, api)
        with Pollers(api, watched).running(POLLERS) as crowd:
            poll(lambda: slots_taken(stack), lambda taken: taken >= OF_ONE_TENANT)
            poll(lambda: crowd.sent_back, lambda count: count >= POLLERS)
            placed = [place_until_let_in(replace(tenant, api=api)) for _ in range(5)]
            assert placed == [201] * 5
            assert slots_taken(stack) >= OF_ONE_TENANT, "nobody waited while the calls were placed"
            tenant.cancel(watched)


def bound_concurrency(stack: Stack, api: httpx.Client) -> None:
    """Reserve little for the function behind an API."""
    gateway, lambda_ = client(stack.config, "apigatewayv2"), client(stack.config, "lambda")
    api_id = api.headers["Host"].split(".", 1)[0]
    (integration,) = gateway.get_integrations(ApiId=api_id)["Items"]
    name = integration["IntegrationUri"].rsplit(":", 1)[1]
    lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=CONCURRENCY)


def place_until_let_in(tenant: Tenant) -> int:
    """Place a call; a client that is throttled for a moment tries again twice."""
    for _ in range(3):
        if (status := tenant.place().status_code) != THROTTLED:
            break
    return status
