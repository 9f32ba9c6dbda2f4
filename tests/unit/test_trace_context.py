"""One trace id from the request to the INVITE, webhooks and tools."""

from __future__ import annotations

import pytest

from tests.support.builders import make_call
from trunkline.calls.attributes import call_attributes, call_from_attributes
from trunkline.calls.create_items import event_put
from trunkline.calls.models import NewEvent
from trunkline.core.trace_context import trace_id_of, traceparent_of
from trunkline.livekit.client import _sip_headers
from trunkline.tool_runtime.http_action import render_request
from trunkline.tools.actions import ApiCall

TRACE = "0af7651916cd43dd8448eb211c80319c"
HEADER = f"00-{TRACE}-b7ad6b7169203331-01"


def test_the_trace_id_of_a_valid_header_is_taken() -> None:
    assert trace_id_of(HEADER) == TRACE
    assert trace_id_of(f"01-{TRACE}-b7ad6b7169203331-09-more") == TRACE, "a later version may have more"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        TRACE,
        f"00-{TRACE}-b7ad6b7169203331",
        f"00-{TRACE}-b7ad6b7169203331-01-more",
        f"ff-{TRACE}-b7ad6b7169203331-01",
        f"00-{'0' * 32}-b7ad6b7169203331-01",
        f"00-{TRACE}-{'0' * 16}-01",
        HEADER.upper(),
        HEADER + "\n",
        f"00-{TRACE[:-1]}g-b7ad6b7169203331-01",
    ],
)
def test_a_header_that_is_not_valid_is_ignored(header: str | None) -> None:
    assert trace_id_of(header) is None


def test_a_call_without_a_trace_is_its_own() -> None:
    call = make_call()
    assert call.trace_id == call.id.replace("-", "")
    assert trace_id_of(traceparent_of(call.trace_id, "step")) == call.trace_id
    assert "trace_id" not in event_put(call, 1, NewEvent("queued"), 0).item


def test_a_call_keeps_the_trace_of_its_request() -> None:
    call = call_from_attributes(call_attributes(make_call(client_trace_id=TRACE)))
    assert call.trace_id == TRACE
    assert event_put(call, 1, NewEvent("queued"), 0).item["trace_id"] == TRACE


def test_the_invite_has_the_trace_of_its_request_and_no_header_for_its_own() -> None:
    assert set(_sip_headers(make_call())) == {"X-Trunkline-Call-Id"}
    assert _sip_headers(make_call(client_trace_id=TRACE))["X-Trunkline-Trace-Id"] == TRACE


def test_each_request_of_a_trace_has_a_span_of_its_own_and_a_repeat_the_same() -> None:
    assert traceparent_of(TRACE, "dlv_1#1") == traceparent_of(TRACE, "dlv_1#1")
    assert traceparent_of(TRACE, "dlv_1#1") != traceparent_of(TRACE, "dlv_1#2")


def test_a_tool_request_is_in_its_calls_trace_unless_the_tool_has_one_of_its_own() -> None:
    post = {"type": "api_call", "method": "POST", "url": "https://api.example.com/m"}
    sent = render_request(ApiCall.model_validate(post), {}, "tl_1", TRACE)
    assert trace_id_of(sent.headers["traceparent"]) == TRACE
    own = ApiCall.model_validate(post | {"headers": {"Traceparent": HEADER}})
    sent = render_request(own, {}, "tl_1", TRACE)
    assert [value for name, value in sent.headers.items() if name.lower() == "traceparent"] == [HEADER]
    assert "traceparent" not in render_request(ApiCall.model_validate(post), {}, "tl_1").headers
