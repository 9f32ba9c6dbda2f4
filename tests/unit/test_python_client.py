"""The Python client's own part: retries, errors and pages."""

from __future__ import annotations

import json
import traceback
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from trunkline_client import (
    ApiError,
    AsyncTrunkline,
    BadRequest,
    Conflict,
    Forbidden,
    NoResponse,
    NotFound,
    Retries,
    ServerError,
    TooManyRequests,
    Trunkline,
    TrunklineError,
    Unauthorized,
    WaitTimeout,
)
from trunkline_client.requests import ApiRequest, segment

from tests.unit.fixtures_python_client import (
    ENDED,
    LOST,
    OPENED,
    QUICK,
    REFUSED,
    FakeApi,
    Step,
    call,
    failed,
    ok,
)


def test_a_call_is_placed_with_the_fewest_fields() -> None:
    api = FakeApi(ok(OPENED, 201))
    with api.client() as trunkline:
        call = trunkline.create_call({"workflow_slug": "onboarding", "user_id": "u 1"})
    assert call["call_id"] == "c-1"
    [request] = api.seen
    assert (request.method, str(request.url)) == ("POST", "https://api.test/api/v1/calls")
    assert request.headers["x-api-key"] == "key-1"
    assert json.loads(request.content) == {"workflow_slug": "onboarding", "user_id": "u 1"}


@pytest.mark.parametrize(
    "lost",
    [LOST, REFUSED, failed(503, "service_unavailable"), failed(409, "idempotency_in_progress"),
     failed(500, "queue_unavailable"), httpx.Response(502, json={"message": "Bad Gateway"})],
    ids=["broken", "refused", "503", "in progress", "withdrawn", "gateway"],
)  # fmt: skip
def test_every_attempt_to_create_something_has_the_same_key(lost: Step) -> None:
    api = FakeApi(lost, lost, ok(OPENED, 201), ok(OPENED, 201))
    trunkline = api.client()
    trunkline.create_call({"workflow_slug": "w", "user_id": "u"})
    trunkline.create_call({"workflow_slug": "w", "user_id": "u"})
    first, second, third, next_call = (each.headers["Idempotency-Key"] for each in api.seen)
    assert first == second == third
    assert next_call != first


def test_a_key_of_ones_own_is_sent() -> None:
    api = FakeApi(ok(OPENED, 201))
    api.client().create_call({"workflow_slug": "w", "user_id": "u"}, idempotency_key="mine")
    assert api.seen[0].headers["Idempotency-Key"] == "mine"


@pytest.mark.parametrize("lost", [LOST, failed(503, "service_unavailable")], ids=["broken", "503"])
def test_a_change_that_may_have_been_made_is_not_sent_twice(lost: Step) -> None:
    api = FakeApi(lost, ok({}))
    with pytest.raises((NoResponse, ServerError)):
        api.client().change_agent("a-1", {"status": "inactive"})
    assert len(api.seen) == 1


@pytest.mark.parametrize("refused", [REFUSED, failed(429, "rate_limited")], ids=["refused", "429"])
def test_a_change_that_was_not_carried_out_is_sent_again(refused: Step) -> None:
    api = FakeApi(refused, ok({"id": "a-1"}))
    assert api.client().change_agent("a-1", {"status": "inactive"})["id"] == "a-1"
    assert len(api.seen) == 2


@pytest.mark.parametrize("kind", ["outcome_unknown", "idempotency_conflict"])
def test_a_conflict_that_stays_is_not_tried_again(kind: str) -> None:
    api = FakeApi(failed(409, kind))
    with pytest.raises(Conflict):
        api.client().create_call({"workflow_slug": "w", "user_id": "u"})
    assert len(api.seen) == 1


def test_a_pause_beyond_the_deadline_is_not_waited_for() -> None:
    api = FakeApi(failed(429, "daily_limit_reached", **{"Retry-After": "31"}))
    with pytest.raises(TooManyRequests) as raised:
        api.client().create_call({"workflow_slug": "w", "user_id": "u"})
    assert len(api.seen) == 1
    assert raised.value.retry_after_s == 31


def test_a_deadline_of_zero_sends_once() -> None:
    api = FakeApi(LOST)
    with pytest.raises(NoResponse):
        api.client(Retries(deadline_s=0)).list_calls()
    assert len(api.seen) == 1


@pytest.mark.parametrize("failures", range(8))
def test_pauses_are_what_the_api_asks_for_or_grow_to_a_limit(failures: int) -> None:
    retries = Retries(deadline_s=1000, first_pause_s=1, longest_pause_s=20)
    lost = NoResponse("", was_sent=True, idempotency_key=None)
    pause_s = retries.pause_s(ApiRequest("GET", "/"), lost, failures, 0)
    assert pause_s is not None
    assert min(20, 2**failures) / 2 <= pause_s <= min(20, 2**failures)
    asked = TooManyRequests(429, {}, {"retry-after": "7"})
    assert 7 <= (retries.pause_s(ApiRequest("GET", "/"), asked, failures, 0) or 0) <= 7.7
    assert retries.pause_s(ApiRequest("GET", "/"), asked, failures, 999) is None


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, BadRequest), (401, Unauthorized), (403, Forbidden), (404, NotFound), (409, Conflict),
     (413, BadRequest), (418, ApiError), (429, TooManyRequests), (500, ServerError), (502, ServerError)],
)  # fmt: skip
def test_an_error_response_is_an_exception_of_its_kind(status: int, kind: type[ApiError]) -> None:
    api = FakeApi(failed(status, "some_type", **{"Retry-After": "99"}))
    with pytest.raises(ApiError) as raised:
        api.client().get_call("c-1")
    error = raised.value
    assert type(error) is kind
    assert (error.status, error.type, error.message) == (status, "some_type", "It is some_type")
    assert (error.request_id, error.field, error.retry_after_s) == ("r-1", "f", 99)
    assert str(error) == f"{status} some_type: It is some_type (request r-1)"


@pytest.mark.parametrize("content", [b"<html>", b"[]", b'{"error": "no"}', b'{"message": 1}', b"\xff", b""])
def test_an_error_response_of_another_form_is_an_api_error_too(content: bytes) -> None:
    api = FakeApi(
        httpx.Response(404, content=content, headers={"apigw-requestid": "g-1", "retry-after": "soon"})
    )
    with pytest.raises(NotFound) as raised:
        api.client().get_call("c-1")
    error = raised.value
    assert (error.type, error.message) == ("unexpected", "The API responded with status 404.")
    assert (error.request_id, error.retry_after_s) == ("g-1", None)


def test_a_lost_response_says_with_which_key_to_repeat() -> None:
    api = FakeApi(LOST)
    with pytest.raises(
        NoResponse, match="POST /api/v1/calls has no response: the connection broke"
    ) as raised:
        api.client(Retries(deadline_s=0)).create_call({"workflow_slug": "w", "user_id": "u"})
    assert raised.value.was_sent
    assert raised.value.idempotency_key == api.seen[0].headers["Idempotency-Key"]


class BrokenBody(httpx.SyncByteStream, httpx.AsyncByteStream):
    """What a response says is gzip, and is none."""

    def __iter__(self) -> Iterator[bytes]:
        yield b"no gzip"

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"no gzip"


def broken(*then: httpx.Response) -> httpx.MockTransport:
    first = httpx.Response(200, headers={"content-encoding": "gzip"}, stream=BrokenBody())
    responses = iter([first, *then])
    return httpx.MockTransport(lambda _: next(responses))


async def test_a_body_that_cannot_be_read_is_a_lost_response() -> None:
    url = "https://api.test"
    assert Trunkline(url, "k", retries=QUICK, transport=broken(ok({"data": [1]}))).list_trunks()["data"]
    async with AsyncTrunkline(url, "k", retries=QUICK, transport=broken(ok({"data": [1]}))) as trunkline:
        assert (await trunkline.list_trunks())["data"]
    with pytest.raises(NoResponse) as raised:
        Trunkline(url, "k", transport=broken()).change_agent("a-1", {"status": "inactive"})
    assert raised.value.was_sent


def test_a_page_of_something_else_is_not_taken_for_a_response() -> None:
    with pytest.raises(TrunklineError, match="something else than JSON"):
        FakeApi(httpx.Response(200, text="<html>sign in</html>")).client().list_trunks()


def test_an_address_without_a_scheme_fails_at_once() -> None:
    with pytest.raises(TrunklineError, match="http") as raised:
        Trunkline("api.test", "key", retries=Retries(deadline_s=0)).list_trunks()
    assert not isinstance(raised.value, NoResponse), "no attempt can succeed"


UNSENDABLE_KEYS = ["", "as_live_x\n", "as_live_x\r", "as live", "\tas_live_x", "as_live_é", "as_live_\x7f"]


@pytest.mark.parametrize("client", [Trunkline, AsyncTrunkline])
@pytest.mark.parametrize("key", UNSENDABLE_KEYS)
def test_a_key_that_no_header_can_carry_is_refused_and_not_shown(
    client: type[Trunkline | AsyncTrunkline], key: str
) -> None:
    with pytest.raises(ValueError, match="API key") as raised:
        client("https://api.test", key)
    assert "live" not in str(raised.value)


async def test_a_request_that_http_forbids_is_not_tried_again_and_its_headers_are_not_shown() -> None:
    forbidden = httpx.LocalProtocolError("Illegal header value b'secret'")
    api, async_api = FakeApi(forbidden), FakeApi(forbidden)
    message = "^GET /api/v1/trunks cannot be sent: HTTP forbids one of its headers$"
    with pytest.raises(TrunklineError, match=message) as raised:
        api.client().list_trunks()
    async with async_api.async_client() as trunkline:
        with pytest.raises(TrunklineError, match=message) as async_raised:
            await trunkline.list_trunks()
    for error in (raised.value, async_raised.value):
        assert not isinstance(error, NoResponse), "no attempt can succeed"
        assert "secret" not in "".join(traceback.format_exception(error))
    assert (len(api.seen), len(async_api.seen)) == (1, 1)


def test_parameters_are_quoted_and_none_is_left_out() -> None:
    api = FakeApi(ok({"data": [], "next_cursor": None, "version": "v"}), ok({}))
    trunkline = api.client()
    trunkline.list_calls(phone_number="+15550100001", status="failed")
    trunkline.get_suppression("+1/5")
    assert [each.url.raw_path for each in api.seen] == [
        b"/api/v1/calls?status=failed&phone_number=%2B15550100001",
        b"/api/v1/suppressions/%2B1%2F5",
    ]


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_an_id_that_would_name_another_path_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="cannot be part of a path"):
        segment(value)


def pages() -> FakeApi:
    return FakeApi(
        ok({"data": [{"call_id": "1"}, {"call_id": "2"}], "next_cursor": "next", "version": "v"}),
        failed(503, "service_unavailable"),
        ok({"data": [], "next_cursor": "last", "version": "v"}),
        ok({"data": [{"call_id": "3"}], "next_cursor": None, "version": "v"}),
    )


def test_a_list_is_read_page_after_page() -> None:
    api = pages()
    assert [each["call_id"] for each in api.client().iterate_calls(status="failed")] == ["1", "2", "3"]
    assert [dict(each.url.params) for each in api.seen] == [
        {"status": "failed"},
        {"status": "failed", "cursor": "next"},
        {"status": "failed", "cursor": "next"},
        {"status": "failed", "cursor": "last"},
    ]


async def test_the_client_for_event_loops_does_the_same() -> None:
    api = FakeApi(failed(503, "service_unavailable"), ok(OPENED, 201))
    async with api.async_client() as trunkline:
        assert (await trunkline.create_call({"workflow_slug": "w", "user_id": "u"}))["call_id"] == "c-1"
    assert len({each.headers["Idempotency-Key"] for each in api.seen}) == 1
    async with pages().async_client() as trunkline:
        assert [each["call_id"] async for each in trunkline.iterate_calls()] == ["1", "2", "3"]
    async with FakeApi(call(), call(**ENDED)).async_client() as trunkline:
        assert (await trunkline.wait_until_ended("c-1"))["status"] == "completed"
    async with FakeApi(call()).async_client() as trunkline:
        with pytest.raises(WaitTimeout):
            await trunkline.wait_until_ended("c-1", timeout_s=0)
    async with FakeApi(LOST, LOST).async_client() as trunkline:
        with pytest.raises(NoResponse):
            await trunkline.change_agent("a-1", {"status": "inactive"})
