"""A deployment for the doctor: AWS in memory, a LiveKit stand-in, and an API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import Any

import boto3
import pytest
from aiohttp import web
from botocore.exceptions import ClientError
from livekit import api as livekit_api
from livekit.api import LiveKitAPI
from moto import mock_aws
from trunkline_cli.doctor import aws_reader, check_list
from trunkline_cli.doctor.aws_reader import AwsReader
from trunkline_cli.doctor.check_list import Doctor, Question
from trunkline_cli.doctor.report import CheckReport
from trunkline_cli.doctor.runner import run_checks

from tests.unit.fixtures_stand_in import KEY, SECRET, RunningStandIn
from trunkline.core.errors import BadSignature
from trunkline.livekit.credentials import LiveKitCredentials, as_secret
from trunkline.livekit.webhooks import verified_event
from trunkline.storage.table import Table
from trunkline.trunks.models import Trunk
from trunkline.trunks.repository import TrunkRepository

TRUNK = livekit_api.SIPOutboundTrunkInfo(name="t", address="carrier.test", numbers=["+15550109001"])
DEAD_LETTERS = ("DeadLetters", "EventDeadLetters")
STAGE = "dev"


class CloudFormation:
    """CloudFormation with one stack; moto's own needs packages that nothing else does."""

    exceptions = boto3.client("cloudformation", region_name="eu-central-1").exceptions

    def __init__(self, outputs: dict[str, str], keys: list[str]) -> None:
        self.outputs, self.keys = outputs, keys
        self.status, self.drifted = "UPDATE_COMPLETE", ["Table"]
        self.polls = 0

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803 - boto3's names
        if StackName != f"trunkline-{STAGE}" or not self.outputs:
            message = f"Stack with id {StackName} does not exist"
            raise ClientError({"Error": {"Code": "ValidationError", "Message": message}}, "DescribeStacks")
        outputs = [{"OutputKey": name, "OutputValue": value} for name, value in self.outputs.items()]
        drift = {"StackDriftStatus": "NOT_CHECKED"}
        return {"Stacks": [{"StackStatus": self.status, "Outputs": outputs, "DriftInformation": drift}]}

    def get_paginator(self, operation: str) -> Any:
        assert operation == "list_stack_resources"
        return self

    def paginate(self, StackName: str) -> list[dict[str, Any]]:  # noqa: N803
        made = [("AWS::KMS::Key", key) for key in self.keys] + [("AWS::SQS::Queue", "queue")]
        found = [{"ResourceType": kind, "PhysicalResourceId": name} for kind, name in made]
        return [{"StackResourceSummaries": found}]

    def detect_stack_drift(self, StackName: str) -> dict[str, str]:  # noqa: N803
        return {"StackDriftDetectionId": StackName}

    def describe_stack_drift_detection_status(self, StackDriftDetectionId: str) -> dict[str, str]:  # noqa: N803
        self.polls += 1
        if self.polls == 1:
            return {"DetectionStatus": "DETECTION_IN_PROGRESS"}
        status = "DRIFTED" if self.drifted else "IN_SYNC"
        return {"DetectionStatus": "DETECTION_COMPLETE", "StackDriftStatus": status}

    def describe_stack_resource_drifts(self, **_: Any) -> dict[str, Any]:
        return {"StackResourceDrifts": [{"LogicalResourceId": name} for name in self.drifted]}


def create_resources() -> tuple[dict[str, str], list[str]]:
    """Create what a stack has, and return its outputs and the ids of its KMS keys."""
    key: Any = {"pk": "HASH", "sk": "RANGE"}
    boto3.client("dynamodb").create_table(
        TableName="table",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in key],
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in key.items()],
    )
    boto3.client("secretsmanager").create_secret(Name="livekit", SecretString="{}")
    sqs = boto3.client("sqs")
    outputs = {f"{name}Url": sqs.create_queue(QueueName=name)["QueueUrl"] for name in DEAD_LETTERS}
    outputs |= {
        "TableName": "table",
        "LiveKitSecretArn": "livekit",
        "NoticesTopicArn": boto3.client("sns").create_topic(Name="notices")["TopicArn"],
        "Version": version("trunkline"),
        "ApiUrl": "https://unused.test",
    }
    return outputs, [boto3.client("kms").create_key()["KeyMetadata"]["KeyId"] for _ in range(2)]


@dataclass
class Deployment:
    """A deployment in which all is well, until a test breaks something."""

    api_url: str
    livekit_url: str
    cloudformation: CloudFormation

    @property
    def outputs(self) -> dict[str, str]:
        return self.cloudformation.outputs

    def client(self, service: str) -> Any:
        return boto3.client(service)  # type: ignore[call-overload]

    def set_livekit(self, url: str, secret: str) -> None:
        text = as_secret(LiveKitCredentials(url, KEY, secret))
        self.client("secretsmanager").put_secret_value(SecretId="livekit", SecretString=text)

    def add_trunk(self, sip_trunk_id: str) -> None:
        table = Table(self.client("dynamodb"), self.outputs["TableName"])
        trunk = Trunk(f"trunk_{sip_trunk_id}", "main", "project", sip_trunk_id, 5, ("+15550109001",))
        TrunkRepository(table).create(trunk)

    def put_alarm(self, name: str, state: str) -> None:
        cloudwatch = self.client("cloudwatch")
        cloudwatch.put_metric_alarm(
            AlarmName=name,
            Namespace="N",
            MetricName="M",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )
        cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="a test")

    def count_webhook(self, outcome: str, namespace: str = f"Trunkline/{STAGE}") -> None:
        by = {"service": "livekit_webhook", "outcome": outcome}
        datum = {
            "MetricName": "LiveKitWebhooks",
            "Value": 1,
            "Timestamp": datetime.now(UTC) - timedelta(hours=2),
            "Dimensions": [{"Name": name, "Value": value} for name, value in by.items()],
        }
        self.client("cloudwatch").put_metric_data(Namespace=namespace, MetricData=[datum])

    async def examine(self, **options: Any) -> dict[str, CheckReport]:
        question = Question(STAGE, self.api_url, **options)
        reports = await asyncio.to_thread(lambda: run_checks(Doctor(question).checks()))
        return {report.name: report for report in reports}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with mock_aws():
        yield


@pytest.fixture
def cloudformation(aws: None, monkeypatch: pytest.MonkeyPatch) -> CloudFormation:
    """CloudFormation without a stack yet, in the place of AWS's."""
    fake, real = CloudFormation({}, []), AwsReader.client
    monkeypatch.setattr(
        AwsReader,
        "client",
        lambda self, service: fake if service == "cloudformation" else real(self, service),
    )
    monkeypatch.setattr(aws_reader, "_DRIFT_POLL_S", 0)
    return fake


@pytest.fixture
async def api_url() -> AsyncIterator[str]:
    """An API that refuses requests without a key, and takes LiveKit's signed webhooks."""

    async def refuse(_: web.Request) -> web.Response:
        return web.json_response({}, status=401)

    async def hear(request: web.Request) -> web.Response:
        signer = LiveKitCredentials("wss://x", KEY, SECRET)
        try:
            verified_event(await request.read(), request.headers["Authorization"], lambda _: [signer])
        except BadSignature:
            return web.Response(status=401)
        return web.Response()

    server = web.Application()
    server.router.add_get("/api/v1/calls", refuse)
    server.router.add_post("/livekit/webhook", hear)
    runner = web.AppRunner(server)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.fixture
async def deployment(
    cloudformation: CloudFormation,
    api_url: str,
    stand_in: RunningStandIn,
    livekit: LiveKitAPI,
    monkeypatch: pytest.MonkeyPatch,
) -> Deployment:
    # moto has no quotas of Service Quotas: the preflight has tests of its own.
    monkeypatch.setattr(check_list, "read_account", lambda *_: None)
    monkeypatch.setattr(check_list, "preflight", lambda *_: [])
    cloudformation.outputs, cloudformation.keys = create_resources()
    made = await livekit.sip.create_outbound_trunk(livekit_api.CreateSIPOutboundTrunkRequest(trunk=TRUNK))
    all_well = Deployment(api_url, stand_in.url, cloudformation)
    all_well.set_livekit(stand_in.url, SECRET)
    all_well.add_trunk(made.sip_trunk_id)
    all_well.put_alarm(f"trunkline-{STAGE}-TableErrors", "OK")
    all_well.count_webhook("handled")
    topic = cloudformation.outputs["NoticesTopicArn"]
    boto3.client("sns").subscribe(TopicArn=topic, Protocol="https", Endpoint="https://pager.test")
    return all_well
