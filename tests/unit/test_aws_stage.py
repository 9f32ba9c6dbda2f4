"""Deployment and removal of a stage: the checks before, the order, and what is said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from infrastructure.account import read_account
from infrastructure.settings import stage_settings
from local.aws_stage import deploy, destroy

DEV, PROD = stage_settings("dev"), stage_settings("prod")


class Pages:
    """A paginator with one page."""

    def __init__(self, page: dict[str, Any]) -> None:
        self._page = page

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        return [self._page]


class FakeAws:
    """An account: Lambda's limits, quotas, one stack with outputs, and what was deleted in it."""

    def __init__(self, concurrency: int, *, stack: str | None = None, deployed: dict[str, int] | None = None):
        self.limit, self.stack, self.deployed = concurrency, stack, deployed or {}
        self.started: dict[str, int] = {}
        self.outputs = {
            "DeliveryFlowArn": "arn:flow",
            "BatchBucketName": "files",
            "KeptOnDestroy": "table-1, key-1",
        }
        self.quotas = {"list_aws_default_service_quotas": 2_500.0, "list_service_quotas": 3_000.0}
        self.done: list[str] = []

    def connect(self, service: str) -> Any:
        return _Client(self, service)

    def run_cdk(self, arguments: list[str]) -> int:
        self.done.append("cdk " + " ".join(arguments))
        return 0


class _Client:
    def __init__(self, aws: FakeAws, service: str) -> None:
        self._aws, self._service = aws, service

    def get_account_settings(self) -> dict[str, Any]:
        reserved = sum(self._aws.deployed.values()) + sum(self._aws.started.values())
        limit = {
            "ConcurrentExecutions": self._aws.limit,
            "UnreservedConcurrentExecutions": self._aws.limit - reserved,
            "TotalCodeSize": 100,
        }
        return {"AccountLimit": limit, "AccountUsage": {"TotalCodeSize": 1}}

    def get_function_concurrency(self, FunctionName: str) -> dict[str, int]:  # noqa: N803 - boto3's names
        if FunctionName in self._aws.started:
            return {}
        if FunctionName not in self._aws.deployed:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "GetFunctionConcurrency")
        return {"ReservedConcurrentExecutions": self._aws.deployed[FunctionName]}

    def get_provisioned_concurrency_config(self, FunctionName: str, Qualifier: str) -> dict[str, int]:  # noqa: N803
        assert Qualifier == "live"
        if not self._aws.started[FunctionName]:
            code = "ProvisionedConcurrencyConfigNotFoundException"
            raise ClientError({"Error": {"Code": code}}, "GetProvisionedConcurrencyConfig")
        return {"RequestedProvisionedConcurrentExecutions": self._aws.started[FunctionName]}

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803
        if self._aws.stack is None:
            message = f"Stack with id {StackName} does not exist"
            raise ClientError({"Error": {"Code": "ValidationError", "Message": message}}, "DescribeStacks")
        outputs = [{"OutputKey": k, "OutputValue": v} for k, v in self._aws.outputs.items()]
        return {"Stacks": [{"StackStatus": self._aws.stack, "Outputs": outputs}]}

    def get_paginator(self, operation: str) -> Pages:
        if self._service == "service-quotas":
            value = self._aws.quotas[operation]
            quota = {"QuotaName": "Maximum number of tables", "QuotaCode": "L-1", "Value": value}
            return Pages({"Quotas": [quota]})
        pages = {
            "list_executions": {"executions": [{"executionArn": "arn:run"}]},
            "list_objects_v2": {"Contents": [{"Key": "a"}, {"Key": "b"}]},
            "list_secrets": {"SecretList": [{"ARN": "arn:secret"}]},
        }
        return Pages(pages[operation])

    def stop_execution(self, executionArn: str, **_: Any) -> None:  # noqa: N803
        self._aws.done.append(f"stop {executionArn}")

    def delete_objects(self, Bucket: str, Delete: dict[str, Any]) -> None:  # noqa: N803
        self._aws.done.append(f"delete {len(Delete['Objects'])} of {Bucket}")

    def delete_secret(self, SecretId: str, ForceDeleteWithoutRecovery: bool) -> None:  # noqa: N803
        assert ForceDeleteWithoutRecovery
        self._aws.done.append(f"delete {SecretId}")

    def delete_table(self, TableName: str) -> None:  # noqa: N803
        self._aws.done.append(f"delete table {TableName}")


@pytest.fixture
def said() -> list[str]:
    return []


def test_a_stage_that_does_not_fit_is_not_deployed(said: list[str]) -> None:
    aws = FakeAws(10)
    assert deploy(PROD, aws.connect, aws.run_cdk, said.append) == 1
    assert aws.done == []
    assert any("Ask for 1000: https://console.aws.amazon.com/servicequotas" in line for line in said)


def test_dev_is_deployed_into_a_new_account(said: list[str]) -> None:
    aws = FakeAws(10)
    assert deploy(DEV, aws.connect, aws.run_cdk, said.append, ["--require-approval", "never"]) == 0
    assert aws.done == ["cdk deploy -c stage=dev --require-approval never"]


@pytest.mark.parametrize("stack", [None, "ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS"])
def test_the_table_is_protected_after_a_first_deployment(stack: str | None, said: list[str]) -> None:
    aws = FakeAws(1_000, stack=stack)
    assert deploy(PROD, aws.connect, aws.run_cdk, said.append) == 0
    assert aws.done == [
        "cdk deploy -c stage=prod -c protects_table=false",
        "cdk deploy -c stage=prod --require-approval never",
    ]


def test_a_first_deployment_that_fails_is_not_followed_by_another(said: list[str]) -> None:
    aws = FakeAws(1_000)
    assert deploy(PROD, aws.connect, lambda _: 3, said.append) == 3


def test_a_second_deployment_keeps_the_table_protected_and_counts_its_own_reservations(
    said: list[str],
) -> None:
    names = {f"trunkline-prod-{name.replace('_', '-')}": n for name, n in PROD.reserved_concurrency().items()}
    aws = FakeAws(1_000, stack="UPDATE_COMPLETE", deployed=names)
    assert deploy(PROD, aws.connect, aws.run_cdk, said.append) == 0
    assert aws.done == ["cdk deploy -c stage=prod"]


STREAM = "arn:aws:dynamodb:eu-central-1:111122223333:table/restored/stream/2026-11-28T10:00:00.000"
ADOPT = ["-c", f"adopted_stream_arn={STREAM}"]


def _on_prod(adopted: str | None = None) -> FakeAws:
    aws = FakeAws(2_000, stack="UPDATE_COMPLETE")
    aws.outputs |= {"AdoptedStreamArn": adopted} if adopted else {}
    return aws


def test_a_table_is_adopted_by_all_functions_at_once(said: list[str]) -> None:
    """A shift would have the API write to two tables for minutes."""
    aws = _on_prod()
    adopts = stage_settings("prod", {"adopted_stream_arn": STREAM})
    assert deploy(adopts, aws.connect, aws.run_cdk, said.append, ADOPT) == 0
    command = f"cdk deploy -c stage=prod -c adopted_stream_arn={STREAM}"
    assert aws.done == [f"{command} -c shifts_traffic=false", f"{command} --require-approval never"]


def test_an_adopted_table_stays_until_another_is_named(said: list[str]) -> None:
    aws = _on_prod(STREAM)
    assert deploy(PROD, aws.connect, aws.run_cdk, said.append) == 0
    assert aws.done == [f"cdk deploy -c stage=prod -c adopted_stream_arn={STREAM}"]


def test_a_stage_goes_back_to_its_own_table_when_told_so(said: list[str]) -> None:
    aws = _on_prod(STREAM)
    given = ["-c", "adopted_stream_arn=none"]
    assert deploy(PROD, aws.connect, aws.run_cdk, said.append, given) == 0
    assert aws.done[0] == "cdk deploy -c stage=prod -c adopted_stream_arn=none -c shifts_traffic=false"


def test_a_change_of_table_that_fails_is_not_followed_by_another_deployment(said: list[str]) -> None:
    assert (
        deploy(PROD, _on_prod(STREAM).connect, lambda _: 3, said.append, ["-c", "adopted_stream_arn=none"])
        == 3
    )


def test_dev_is_emptied_before_it_is_destroyed_and_nothing_is_left(said: list[str]) -> None:
    aws = FakeAws(10, stack="CREATE_COMPLETE")
    assert destroy(DEV, aws.connect, aws.run_cdk, said.append) == 0
    assert aws.done == [
        "stop arn:run",
        "delete 2 of files",
        "cdk destroy --force -c stage=dev",
        "delete arn:secret",
    ]


def test_a_table_that_dev_has_adopted_goes_with_it(said: list[str]) -> None:
    aws = FakeAws(10, stack="CREATE_COMPLETE")
    aws.outputs["AdoptedStreamArn"] = STREAM
    assert destroy(DEV, aws.connect, aws.run_cdk, said.append) == 0
    assert aws.done[-1] == "delete table restored"


def test_prod_keeps_its_data_and_says_what(said: list[str]) -> None:
    aws = FakeAws(1_000, stack="UPDATE_COMPLETE")
    assert destroy(PROD, aws.connect, aws.run_cdk, said.append) == 0
    assert aws.done == ["stop arn:run", "cdk destroy --force -c stage=prod"]
    assert said == ["Kept: table-1, key-1"]


def test_secrets_stay_when_the_stack_could_not_be_destroyed(said: list[str]) -> None:
    aws = FakeAws(10, stack="CREATE_COMPLETE")

    def fails(_: list[str]) -> int:
        return 1

    assert destroy(DEV, aws.connect, fails, said.append) == 1
    assert "delete arn:secret" not in aws.done
    assert said == []


def test_the_accounts_own_quota_goes_before_the_default() -> None:
    account = read_account(FakeAws(1_000).connect, DEV)
    assert {quota.value for found in account.quotas.values() for quota in found} == {3_000.0}


@pytest.mark.parametrize("started", [0, 2])
def test_environments_that_are_kept_started_are_the_stages_own(started: int) -> None:
    """Without them a second deployment would count them twice, and not be made."""
    aws = FakeAws(1_000)
    aws.started = {"trunkline-dev-dialer": started}
    account = read_account(aws.connect, stage_settings("dev", {"provisioned_dialer": 2}))
    assert (account.unreserved, account.own_reserved) == (1_000 - started, started)


@pytest.fixture
def moto_clients(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        yield boto3.client


def test_what_tenants_left_is_found_by_real_clients(moto_clients: Callable[[str], Any]) -> None:
    s3, secrets = moto_clients("s3"), moto_clients("secretsmanager")
    s3.create_bucket(Bucket="files")
    s3.put_object(Bucket="files", Key="rows", Body=b"x")
    secrets.create_secret(Name="trunkline-dev/livekit/t1", SecretString="x")
    secrets.create_secret(Name="trunkline-prod/livekit/t1", SecretString="x")
    aws = FakeAws(10, stack="CREATE_COMPLETE")

    def connect(service: str) -> Any:
        return moto_clients(service) if service in ("s3", "secretsmanager") else aws.connect(service)

    assert destroy(DEV, connect, lambda _: 0, lambda _: None) == 0
    assert s3.list_objects_v2(Bucket="files")["KeyCount"] == 0
    assert [each["Name"] for each in secrets.list_secrets()["SecretList"]] == ["trunkline-prod/livekit/t1"]
