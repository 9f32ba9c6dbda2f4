"""What reaches the functions of both APIs: requests that fail, and events of the bus by either way."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)

from functions.agent_api import handler as agent_api
from functions.api import handler as api
from functions.api import respond
from functions.api.bootstrap import automations
from trunkline.core.errors import QueueUnavailable, RateLimited
from trunkline.core.rate_limit import RateLimitStatus
from trunkline.storage.table import TransactionConflict

CONTEXT: Any = SimpleNamespace(
    function_name="f", memory_limit_in_mb=512, invoked_function_arn="arn", aws_request_id="r"
)
CALL_ID = "550e8400-e29b-41d4-a716-446655440000"
BUS_EVENT = {
    "id": "e-1",
    "detail-type": "signup",
    "source": "shop",
    "detail": {"trunkline_trigger_id": "trg_1", "name": "Ada"},
}


def request(path: str) -> dict[str, Any]:
    http = {"method": "GET", "sourceIp": "192.0.2.1"}
    return {"rawPath": path, "headers": {}, "requestContext": {"requestId": "req-1", "http": http}}


class Handled:
    """The handler of trigger events, which notes them, or fails."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.failure = failure

    def handle_from_bus(self, trigger_id: str, event: dict[str, Any], _: Any) -> dict[str, str]:
        self.events.append((trigger_id, event))
        if self.failure:
            raise self.failure
        return {"outcome": "called"}


def test_an_event_that_the_bus_of_an_earlier_release_sends_is_handled_as_one_of_the_queue(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    handled = Handled()
    monkeypatch.setattr(automations, "trigger_event_handler", lambda: handled)
    api.handle(BUS_EVENT, CONTEXT)
    api.handle({"Records": [{"body": json.dumps(BUS_EVENT)}]}, CONTEXT)
    assert handled.events == [("trg_1", {"id": "e-1", "name": "Ada"})] * 2


def test_an_event_of_the_bus_that_cannot_be_handled_now_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    handled = Handled(QueueUnavailable("SQS"))
    monkeypatch.setattr(automations, "trigger_event_handler", lambda: handled)
    with pytest.raises(QueueUnavailable):
        api.handle(BUS_EVENT, CONTEXT)


@pytest.mark.parametrize("failure", [KeyError("secret-1"), ValueError("secret-1")])
def test_an_agents_request_that_fails_unexpectedly_has_the_errors_of_all_others(
    failure: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise failure

    monkeypatch.setattr(agent_api, "authenticate", fail)
    answer = agent_api.handle(request(f"/agent/v1/calls/{CALL_ID}/context"), CONTEXT)
    error = {"message": "Internal server error", "code": 500, "type": "internal_error", "request_id": "req-1"}
    assert (answer["statusCode"], json.loads(answer["body"])) == (500, {"error": error})


def aws_error(code: str, status: int) -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": "secret-1"}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        "GetItem",
    )


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (ReadTimeoutError(endpoint_url="https://secret-1"), 503),
        (ConnectTimeoutError(endpoint_url="https://secret-1"), 503),
        (EndpointConnectionError(endpoint_url="https://secret-1"), 503),
        (ConnectionClosedError(endpoint_url="https://secret-1"), 503),
        (aws_error("ThrottlingException", 400), 503),
        (aws_error("ProvisionedThroughputExceededException", 400), 503),
        (aws_error("RequestLimitExceeded", 400), 503),
        (aws_error("InternalServerError", 500), 503),
        (aws_error("ServiceUnavailable", 503), 503),
        (TransactionConflict("secret-1"), 503),
        (aws_error("AccessDeniedException", 400), 500),
        (aws_error("ValidationException", 400), 500),
        (NoCredentialsError(), 500),
        (KeyError("secret-1"), 500),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
@pytest.mark.parametrize("side", ["tenant", "agent"])
def test_a_failure_of_aws_that_passes_is_a_503_with_a_time_to_come_again(
    failure: Exception, status: int, side: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise failure

    monkeypatch.setattr(agent_api, "authenticate", fail)
    monkeypatch.setattr(respond, "_run_route", fail)
    handler, path = (
        (api.handle, "/api/v1/calls")
        if side == "tenant"
        else (agent_api.handle, f"/agent/v1/calls/{CALL_ID}/context")
    )
    answer = handler(request(path), CONTEXT)
    assert (answer["statusCode"], answer["headers"].get("Retry-After")) == (
        status,
        "2" if status == 503 else None,
    )
    error = json.loads(answer["body"])["error"]
    assert error["type"] == ("service_unavailable" if status == 503 else "internal_error")
    assert "secret-1" not in answer["body"]


def test_an_agent_is_told_when_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> Any:
        raise RateLimited(RateLimitStatus.in_window(60, 60, 0), 30_000)

    monkeypatch.setattr(agent_api, "authenticate", refuse)
    answer = agent_api.handle(request(f"/agent/v1/calls/{CALL_ID}/context"), CONTEXT)
    assert answer["statusCode"] == 429
    assert int(answer["headers"]["Retry-After"]) > 0
