"""Requests and answers of tools: what is sent again, and what the agent is told."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.fixtures_tool_backend import NO_SECRETS, OK, SECOND_US, Backend, action, answered, failed
from trunkline.egress.messages import Response, TransportError
from trunkline.tool_runtime.errors import ActionFailed
from trunkline.tool_runtime.http_action import MAX_TOOL_RESPONSE_BYTES, interpret_response


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
@pytest.mark.parametrize(
    "first",
    [
        answered(429),
        answered(500),
        answered(503),
        failed(TransportError.CONNECT, sent=False),
        failed(TransportError.DNS, sent=False),
        failed(TransportError.TIMEOUT, sent=False),
    ],
)
def test_what_surely_was_not_done_is_sent_again_whatever_the_method(method: str, first: Response) -> None:
    backend = Backend(first, first, OK)
    sent = backend.send_action(action(method=method))
    assert (sent.response.status, sent.tries) == (200, 3)
    assert len({request.headers["Idempotency-Key"] for request in backend.seen}) == 1
    assert backend.slept == [0.25, 0.5]


@pytest.mark.parametrize("fault", [TransportError.TIMEOUT, TransportError.BROKEN])
@pytest.mark.parametrize(
    ("more", "tries"),
    [
        ({"method": "POST"}, 1),
        ({"method": "PATCH"}, 1),
        ({"method": "POST", "idempotent": True}, 3),
        ({"method": "GET"}, 3),
        ({"method": "PUT"}, 3),
        ({"method": "DELETE"}, 3),
        ({"method": "PUT", "idempotent": False}, 1),
    ],
)
def test_what_may_have_been_done_is_sent_again_only_where_that_does_no_harm(
    fault: TransportError, more: dict[str, Any], tries: int
) -> None:
    backend = Backend(failed(fault, sent=True))
    with pytest.raises(ActionFailed) as told:
        backend.send_action(action(retry_count=2, **more))
    assert len(backend.seen) == tries
    assert told.value.may_have_happened
    assert "it may still have been done" in told.value.message
    assert told.value.kind.value == fault.value


@pytest.mark.parametrize(
    "fault", [TransportError.REFUSED_ADDRESS, TransportError.TLS, TransportError.INVALID]
)
def test_what_can_never_be_sent_is_tried_once(fault: TransportError) -> None:
    backend = Backend(failed(fault, sent=False))
    with pytest.raises(ActionFailed) as told:
        backend.send_action(action())
    assert (len(backend.seen), told.value.may_have_happened) == (1, False)
    assert "nothing was done" in told.value.message


@pytest.mark.parametrize("status", [200, 201, 301, 400, 401, 404, 409, 422])
def test_any_other_answer_stands(status: int) -> None:
    backend = Backend(answered(status))
    assert backend.send_action(action(method="POST")).response.status == status
    assert len(backend.seen) == 1


def test_retry_count_is_the_tenants_word() -> None:
    backend = Backend(answered(500))
    assert backend.send_action(action(retry_count=0)).tries == 1
    backend = Backend(answered(500))
    sent = backend.send_action(action(retry_count=5))
    assert (sent.tries, sent.may_have_happened) == (6, True)


def test_a_refusal_after_a_doubtful_try_is_doubtful_too() -> None:
    what = action(method="POST")
    sent = Backend(answered(500), answered(409)).send_action(what)
    with pytest.raises(ActionFailed) as told:
        interpret_response(what, sent.response, NO_SECRETS, may_have_happened=sent.may_have_happened)
    assert told.value.may_have_happened
    backend = Backend(failed(TransportError.TIMEOUT, sent=True), failed(TransportError.CONNECT, sent=False))
    with pytest.raises(ActionFailed, match="may still have been done"):
        backend.send_action(action(method="PUT", retry_count=1))


def test_time_outs_that_add_up_end_with_the_invocation() -> None:
    backend = Backend(failed(TransportError.TIMEOUT, sent=True), takes_s=20)
    began_us = backend.clock.monotonic_us()
    with pytest.raises(ActionFailed, match="tried 2 times"):
        backend.send_action(action(timeout=15, retry_count=5))
    assert backend.clock.monotonic_us() - began_us <= 22 * SECOND_US
    assert [request.deadline_s for request in backend.seen] == [15, pytest.approx(6.75)]
    with pytest.raises(ActionFailed, match="nothing was sent") as told:
        backend.send_action(action(), within_s=0.1)
    assert not told.value.may_have_happened


def test_retry_after_is_obeyed_as_far_as_there_is_time() -> None:
    backend = Backend(Response(429, {"Retry-After": "3"}, b"", 5), OK)
    assert backend.send_action(action()).response.status == 200
    assert backend.slept == [3]
    backend = Backend(Response(429, {"Retry-After": "60"}, b"", 5), OK)
    assert backend.send_action(action()).response.status == 429
    assert backend.slept == []


@pytest.mark.parametrize(
    ("more", "answer", "kind", "happened"),
    [
        ({}, answered(404, {"detail": "no"}), "unexpected_status", False),
        ({}, answered(500, b"<html>"), "unexpected_status", True),
        ({}, answered(302), "unexpected_status", False),
        ({"expect": {"status": [201]}}, answered(200), "unexpected_status", False),
        ({"expect": {"body": "ok"}}, answered(200, {"ok": False}), "unexpected_answer", True),
        ({"expect": {"body": "ok"}}, answered(200, b"<ok/>"), "answer_not_json", True),
        ({"save": {"x": "id"}}, answered(200, b"x=1"), "answer_not_json", True),
        ({"result": "id"}, answered(204, b""), "answer_not_json", True),
        ({"result": "sum(@)"}, answered(200, ["a"]), "unexpected_answer", True),
        ({"save": {"x": "id"}}, answered(200, b'{"id": NaN}'), "answer_not_json", True),
        ({}, answered(200, "x" * 40_000), "unexpected_answer", True),
        ({}, answered(200, b"x" * (MAX_TOOL_RESPONSE_BYTES + 1)), "answer_too_large", True),
    ],
)
def test_an_answer_that_is_not_expected_is_told(
    more: dict[str, Any], answer: Response, kind: str, happened: bool
) -> None:
    with pytest.raises(ActionFailed) as told:
        interpret_response(action(**more), answer, NO_SECRETS, may_have_happened=(answer.status or 0) >= 500)
    view = told.value.view()
    assert (view["type"], view["may_have_happened"], view["http_status"]) == (kind, happened, answer.status)


def test_what_the_agent_is_told_of_an_answer() -> None:
    whole = answered(200, {"meal_id": 7, "internal": "x"})
    assert interpret_response(action(), whole, NO_SECRETS, may_have_happened=False).result == {
        "meal_id": 7,
        "internal": "x",
    }
    picked = interpret_response(
        action(result="{id: meal_id}", save={"last": "meal_id"}), whole, NO_SECRETS, may_have_happened=False
    )
    assert (picked.result, picked.saved) == ({"id": 7}, {"last": 7})
    assert (
        interpret_response(
            action(), answered(200, b"plain\x00 text"), NO_SECRETS, may_have_happened=False
        ).result
        == "plain text"
    )
    assert (
        interpret_response(action(), answered(204, b""), NO_SECRETS, may_have_happened=False).result is None
    )
    assert (
        interpret_response(
            action(expect={"status": ["2xx", 404]}), answered(404, []), NO_SECRETS, may_have_happened=False
        ).result
        == []
    )


def test_a_byte_order_mark_is_no_part_of_the_answer() -> None:
    what = action(save={"id": "id"})
    read = interpret_response(
        what, answered(200, b'\xef\xbb\xbf{"id": 5}'), NO_SECRETS, may_have_happened=False
    )
    assert (read.result, read.saved) == ({"id": 5}, {"id": 5})


@given(st.binary(max_size=200), st.sampled_from(["", "a.b", "length(@)", "keys(@)", "[].x"]))
def test_no_answer_breaks_the_reading(body: bytes, query: str) -> None:
    what = action(**({"result": query, "save": {"x": query}} if query else {}))
    try:
        interpret_response(what, answered(200, body), NO_SECRETS, may_have_happened=False)
    except ActionFailed:
        return
