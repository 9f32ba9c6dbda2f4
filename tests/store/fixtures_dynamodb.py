"""The table in moto, and the client that the stores use on it."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Iterator
from functools import cache
from typing import Any, Literal

import boto3
import pytest
from moto import mock_aws

from tests.support.memory_table import MemoryTable
from trunkline.calls.repository import CallRepository
from trunkline.storage.table import Table

TABLE_NAME = "table"  # at least three letters, as DynamoDB wants it


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Start moto, so that nothing reaches AWS."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        yield


@cache
def aws_client(service: Any) -> Any:
    """Return boto3's client of a service; making one takes longer than most tests."""
    return boto3.client(service)


@pytest.fixture
def dynamodb(aws: None) -> Any:
    """Make the table in moto, with its indexes; the client is boto3's."""
    attributes = ("pk", "sk", "open_pk", "open_sk", "calls_pk", "calls_sk", "user_pk", "number_pk")
    client = aws_client("dynamodb")
    client.create_table(
        TableName=TABLE_NAME,
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in attributes],
        KeySchema=_key_schema("pk", "sk"),
        BillingMode="PAY_PER_REQUEST",
        GlobalSecondaryIndexes=[
            _index("open", "open_pk", "open_sk", "KEYS_ONLY"),
            _index("calls", "calls_pk", "calls_sk", "ALL"),
            _index("user_calls", "user_pk", "calls_sk", "ALL"),
            _index("number_calls", "number_pk", "calls_sk", "ALL"),
        ],
    )
    return client


def _index(name: str, partition: str, sort: str, projection: Literal["ALL", "KEYS_ONLY"]) -> Any:
    schema = _key_schema(partition, sort)
    return {"IndexName": name, "KeySchema": schema, "Projection": {"ProjectionType": projection}}


def _key_schema(partition: str, sort: str) -> Any:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]


class SerializedClient:
    """Makes each request atomic, as DynamoDB does: moto reads and writes in two steps."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        if not inspect.ismethod(found):
            return found

        def one_at_a_time(*args: Any, **more: Any) -> Any:
            with self._lock:
                return found(*args, **more)

        return one_at_a_time


def _table_in_moto(request: pytest.FixtureRequest) -> Table:
    return Table(SerializedClient(request.getfixturevalue("dynamodb")), TABLE_NAME)  # type: ignore[arg-type]


@pytest.fixture
def table(request: pytest.FixtureRequest) -> Table:
    """The table in moto; in memory for a test that is marked so, because it writes a great many items."""
    if request.node.get_closest_marker("memory_table"):
        return MemoryTable()
    return _table_in_moto(request)


@pytest.fixture(params=["moto", "memory"])
def any_table(request: pytest.FixtureRequest) -> Table:
    """Each of the tables in turn: a test that takes it belongs to the contract that both keep."""
    return MemoryTable() if request.param == "memory" else _table_in_moto(request)


@pytest.fixture
def calls(table: Table) -> CallRepository:
    return CallRepository(table)
