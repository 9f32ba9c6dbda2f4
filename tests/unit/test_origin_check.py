"""Requests that come by way of CloudFront, and those that come past it."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from functions.origin_check import bootstrap, handler
from infrastructure import public_address
from trunkline.http_api.origin_secret import ORIGIN_HEADER
from trunkline.http_api.request import FROM_CLOUDFRONT, Request

CONTEXT: Any = SimpleNamespace(
    function_name="f", memory_limit_in_mb=512, invoked_function_arn="arn", aws_request_id="r"
)
CLIENT, EDGE, FORGED = "192.0.2.1", "198.51.100.7", "203.0.113.9"


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("ORIGIN_SECRET_ARN", "origin")
    bootstrap.origin_secret.cache_clear()
    with mock_aws():
        client = boto3.client("secretsmanager")
        client.create_secret(Name="origin", SecretString="first")
        yield client
    bootstrap.origin_secret.cache_clear()


def _decide(headers: dict[str, str]) -> dict[str, Any]:
    return handler.handle({"headers": headers}, CONTEXT)


def test_only_the_secret_lets_a_request_through(secrets: Any) -> None:
    allowed = _decide({ORIGIN_HEADER: "first"})
    assert allowed == {"isAuthorized": True, "context": {"via": FROM_CLOUDFRONT}}
    for headers in ({}, {ORIGIN_HEADER: ""}, {ORIGIN_HEADER: "firs"}, {ORIGIN_HEADER: "é"}):
        assert _decide(headers)["isAuthorized"] is False


def test_while_the_secret_changes_the_one_before_is_good_and_none_older(secrets: Any) -> None:
    for value in ("second", "third"):
        secrets.put_secret_value(SecretId="origin", SecretString=value)
    allowed = {
        value: _decide({ORIGIN_HEADER: value})["isAuthorized"] for value in ("first", "second", "third")
    }
    assert allowed == {"first": False, "second": True, "third": True}


def test_cloudfront_sends_the_header_that_the_function_reads() -> None:
    assert public_address.ORIGIN_HEADER == ORIGIN_HEADER


def _request(forwarded: str | None, authorizer: Any) -> Request:
    context = {"http": {"method": "GET", "sourceIp": EDGE}, "requestId": "r", "authorizer": authorizer}
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    return Request.from_event({"requestContext": context, "rawPath": "/", "headers": headers})


BY_CLOUDFRONT = {"lambda": {"via": FROM_CLOUDFRONT}}


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        (f"{CLIENT}, {EDGE}", CLIENT),
        (CLIENT, CLIENT),
        (f"{FORGED}, {CLIENT},{EDGE}", CLIENT),
        (f"{FORGED}, {CLIENT}", CLIENT),
        (f"2001:db8::1, {EDGE}", "2001:db8::1"),
        (EDGE, EDGE),
        ("", EDGE),
        (None, EDGE),
    ],
)
def test_behind_cloudfront_the_clients_address_is_the_one_that_cloudfront_saw(
    forwarded: str | None, address: str
) -> None:
    assert _request(forwarded, BY_CLOUDFRONT).source_ip == address


@pytest.mark.parametrize("authorizer", [None, {}, {"lambda": None}, {"jwt": {"claims": {}}}, {"lambda": {}}])
def test_without_cloudfront_nobody_can_forge_an_address(authorizer: Any) -> None:
    assert _request(f"{FORGED}, {CLIENT}", authorizer).source_ip == EDGE
