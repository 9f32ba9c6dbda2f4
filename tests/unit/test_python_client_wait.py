"""The Python client's waits: for a call's end by long polls, and how long it tries again."""

from __future__ import annotations

import httpx
import pytest
from trunkline_client import NoResponse, Retries, WaitTimeout

from tests.unit.fixtures_python_client import ENDED, LOST, FakeApi, Step, call, failed


def test_the_wait_for_an_end_polls_after_the_event_that_it_knows() -> None:
    api = FakeApi(call(), call(last_event=4), call(**ENDED))
    assert api.client().wait_until_ended("c-1")["status"] == "completed"
    assert [dict(each.url.params) for each in api.seen] == [
        {},
        {"wait": "25", "after": "3"},
        {"wait": "25", "after": "4"},
    ]


class Clock:
    """A clock that only attempts and pauses move."""

    ATTEMPT_S = 31

    def __init__(self) -> None:
        self.now_s = 0.0

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


class SlowApi(FakeApi):
    """An API that is as slow as a long poll, by a clock."""

    def __init__(self, clock: Clock, *steps: Step) -> None:
        super().__init__(*steps)
        self.clock = clock

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.clock.now_s += Clock.ATTEMPT_S
        return super().__call__(request)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("trunkline_client.sending.time", clock)
    monkeypatch.setattr("trunkline_client.client.time", clock)
    return clock


@pytest.mark.parametrize("lost", [LOST, failed(503, "service_unavailable")], ids=["broken", "503"])
async def test_a_long_poll_that_fails_at_its_end_is_sent_again(clock: Clock, lost: Step) -> None:
    api, async_api = (SlowApi(clock, call(), lost, call(**ENDED)) for _ in range(2))
    assert api.client().wait_until_ended("c-1")["status"] == "completed"
    async with async_api.async_client() as trunkline:
        assert (await trunkline.wait_until_ended("c-1"))["status"] == "completed"
    assert (len(api.seen), len(async_api.seen)) == (3, 3)


def test_the_time_for_retries_begins_with_the_first_failure(clock: Clock) -> None:
    api = SlowApi(clock, LOST)
    with pytest.raises(NoResponse):
        api.client(Retries(deadline_s=60, first_pause_s=0)).list_trunks()
    assert len(api.seen) == 2 + 60 // Clock.ATTEMPT_S


def test_a_wait_that_is_cut_short_pauses_as_long_as_the_api_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("trunkline_client.client.time.sleep", pauses.append)
    api = FakeApi(call(poll_after_s=7), call(), call(**ENDED))
    api.client().wait_until_ended("c-1")
    assert pauses == [7, 0]


def test_a_wait_ends_in_time_with_the_call_as_it_is() -> None:
    api = FakeApi(call(status="active"))
    with pytest.raises(WaitTimeout, match="call c-1 is still active") as raised:
        api.client().wait_until_ended("c-1", timeout_s=0)
    assert raised.value.call["last_event"] == 3
    assert isinstance(raised.value, TimeoutError)
