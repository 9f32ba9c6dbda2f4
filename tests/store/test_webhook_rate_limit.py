"""The rate of an endpoint, in virtual time: used within five per cent under load, and never exceeded."""

from __future__ import annotations

import heapq
import random
from bisect import bisect_left

import pytest

from tests.store.fixtures_webhooks import WebhookHarness
from tests.support.builders import make_call
from tests.support.clocks import NOW_MS
from tests.support.memory_table import MemoryTable
from trunkline.egress.messages import Request, Response
from trunkline.storage.table import Table
from trunkline.webhooks.models import Endpoint
from trunkline.webhooks.rate_limiter import MAX_LATE_MS, EndpointRateLimiter


def _endpoint(rate_per_s: int | None) -> Endpoint:
    return Endpoint("wh_1", "tenant-1", True, "https://a.example.com", b"", 0, 0, rate_limit_per_s=rate_per_s)


def _starts_ms(table: Table, rate_per_s: int, count: int, seed: int, new_per_s: float = 0) -> list[int]:
    """Let deliveries ask for their starts as executions do: woken at whole seconds, a little late."""
    chance = random.Random(seed)
    limiter, endpoint = EndpointRateLimiter(table), _endpoint(rate_per_s)
    arrivals = [NOW_MS + (round(n * 1000 / new_per_s) if new_per_s else 0) for n in range(count)]
    waiting = [(at_ms + chance.randrange(1000), number) for number, at_ms in enumerate(arrivals)]
    heapq.heapify(waiting)
    starts: list[int] = []
    while waiting:
        now_ms, number = heapq.heappop(waiting)
        start = limiter.reserve(endpoint, now_ms)
        if start.wait_s:
            woken_ms = now_ms + max(1, round(start.wait_s)) * 1000 + chance.randrange(20, 300)
            heapq.heappush(waiting, (woken_ms, number))
        else:
            assert start.at_ms >= now_ms
            starts.append(start.at_ms + chance.randrange(MAX_LATE_MS))
    return sorted(starts)


@pytest.mark.parametrize("rate_per_s", [1, 2, 7, 10, 50, 100])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_backlog_leaves_at_the_limit_and_never_above(rate_per_s: int, seed: int) -> None:
    count = max(60, 20 * rate_per_s)
    starts = _starts_ms(MemoryTable(), rate_per_s, count, seed)
    assert len(starts) == count
    busiest = max(bisect_left(starts, at_ms + 1000) - index for index, at_ms in enumerate(starts))
    assert busiest <= rate_per_s
    used = (count - 1) / (starts[-1] - starts[0]) * 1000 / rate_per_s
    assert (0.95 if rate_per_s <= 50 else 0.75) <= used <= 1


def test_new_deliveries_take_the_starts_of_a_backlog_and_leave_no_gap() -> None:
    starts = _starts_ms(MemoryTable(), 10, 600, 3, new_per_s=12)
    busiest = max(bisect_left(starts, at_ms + 1000) - index for index, at_ms in enumerate(starts))
    assert busiest <= 10
    assert (len(starts) - 1) / (starts[-1] - starts[0]) * 1000 >= 9.5


def test_without_a_limit_a_delivery_starts_now() -> None:
    limiter = EndpointRateLimiter(MemoryTable())
    assert limiter.reserve(_endpoint(None), NOW_MS).at_ms == NOW_MS
    assert not limiter.reserve(_endpoint(None), NOW_MS).is_late(NOW_MS + 60_000)


def test_the_request_leaves_at_its_start_and_not_before(webhooks: WebhookHarness) -> None:
    webhooks.webhook(rate_limit_per_s=2)
    sent_ms: list[int] = []

    def answer(_: Request) -> Response:
        sent_ms.append(webhooks.clock.wall_ms())
        return Response(200, {}, b"", 1)

    webhooks.answer = answer
    for number in range(1, 4):
        assert webhooks.run(webhooks.told(make_call(number))) == []
    assert [at_ms - sent_ms[0] for at_ms in sent_ms] == [0, 515, 1030]


def test_a_process_that_was_stopped_before_its_start_takes_a_later_one(webhooks: WebhookHarness) -> None:
    webhooks.webhook(rate_limit_per_s=2)
    webhooks.run(webhooks.told(make_call(1)))
    first_ms, stopped = webhooks.clock.wall_ms(), iter([0.5])
    sleep = webhooks.clock.move_s
    object.__setattr__(webhooks.worker, "sleep", lambda s: sleep(s + next(stopped, 0)))
    webhooks.run(webhooks.told(make_call(2)))
    attempt = webhooks.delivery(webhooks.started()[-1]).attempts[0]
    assert attempt.at_ms - first_ms >= 1030, "its first start was over, and could be another request's"
