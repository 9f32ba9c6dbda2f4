"""Whatever bytes a server sends are a response with a reason, within the deadline."""

from __future__ import annotations

import asyncio

import hypothesis
import pytest
from hypothesis import strategies as st

from tests.support.raw_server import answers, posted
from trunkline.egress import client as outgoing
from trunkline.egress.messages import TransportError
from trunkline.webhooks.retry_policy import RetryPolicy

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(CHUNKED + b"zz\r\nhello\r\n0\r\n\r\n", id="a broken chunk"),
        pytest.param(CHUNKED + b"5\r\nhelloXX", id="a chunk without its end"),
        pytest.param(b"<html>hello</html>", id="HTTP/0.9"),
        pytest.param(b"HTTP/1.1 103 Early Hints\r\n\r\n", id="only hints"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX-\xff: a\r\n\r\n", id="a header name that is none"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nhi", id="two lengths"
        ),
    ],
)
async def test_what_is_not_http_is_a_response_with_a_reason(text: bytes) -> None:
    answer = await posted(answers(text))
    assert (answer.status, answer.error) == (None, TransportError.BROKEN)
    assert answer.detail == "the response broke off, or is not valid HTTP"


async def test_only_the_first_of_several_responses_counts_and_100_is_none() -> None:
    ok = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
    two = await posted(answers(ok + b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n"))
    assert (two.status, two.body) == (200, b"hi")
    continued = await posted(answers(b"HTTP/1.1 100 Continue\r\n\r\n" * 3 + ok))
    assert (continued.status, continued.body) == (200, b"hi")


@pytest.mark.parametrize(
    "drop",
    [
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n", id="100 for ever"),
        pytest.param(b"X", id="a header line"),
    ],
)
async def test_a_head_that_drips_ends_with_the_same_deadline(drop: bytes) -> None:
    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(drop if drop.startswith(b"HTTP") else b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(drop)
            await writer.drain()
            await asyncio.sleep(0.02)

    answer = await posted(drip, deadline_s=0.4)
    assert (answer.status, answer.error, answer.detail) == (
        None,
        TransportError.TIMEOUT,
        "no complete response in time",
    )


async def test_a_flood_of_interim_responses_ends_with_the_deadline() -> None:
    async def flood(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)
            await writer.drain()

    assert (await posted(flood, deadline_s=0.4)).error is TransportError.TIMEOUT


@pytest.mark.parametrize(
    "location",
    [
        pytest.param(b"https://xn--/", id="a host that is no name"),
        pytest.param(b"http://a\x01b/", id="a control character"),
        pytest.param(b"a" * 90_000, id="a long one"),
        pytest.param(b"https://[", id="half an address"),
        pytest.param(b"http://169.254.169.254/latest/meta-data", id="a private address"),
    ],
)
async def test_a_redirect_keeps_its_status_whatever_its_location_is(location: bytes) -> None:
    head = b"HTTP/1.1 302 Found\r\nContent-Length: 2\r\nLocation: " + location
    answer = await posted(answers(head + b"\r\n\r\nhi"))
    assert (answer.status, answer.body, answer.error) == (302, b"hi", None)


def test_errors_that_cause_each_other_have_a_root() -> None:
    """Such a chain would keep the search for the root busy for ever, and nothing would be recorded."""
    first, second = OSError("a"), OSError("b")
    first.__cause__, second.__cause__ = second, first
    assert outgoing._root(first) is second


@hypothesis.given(
    text=st.binary(max_size=200), head=st.sampled_from([b"", CHUNKED, b"HTTP/1.1 503 No\r\nRetry-After: "])
)
@hypothesis.settings(max_examples=40, deadline=None)
def test_whatever_bytes_a_server_sends_are_a_response_and_a_decision(text: bytes, head: bytes) -> None:
    response = asyncio.run(posted(answers(head + text)))
    decision = RetryPolicy(5).decide(1, response, now_s=1_700_000_000, jitter=0.5)
    assert (response.status is None) is (response.error is not None)
    assert decision.wait_s is None or 1 <= decision.wait_s <= 86_400
