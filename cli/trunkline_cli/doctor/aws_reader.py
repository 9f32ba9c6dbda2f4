"""Reader of a deployment in AWS: its stack, keys, queues, alarms and metrics. It changes nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from threading import Lock
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import NoRegionError

from trunkline.core.errors import NotFound
from trunkline.core.metrics import LIVEKIT_WEBHOOKS
from trunkline_cli.doctor.livekit_checks import LOOKED_BACK_DAYS
from trunkline_cli.stack_outputs import StackOutputs

SERVICES = (
    "apigatewayv2",
    "cloudwatch",
    "dynamodb",
    "events",
    "kms",
    "lambda",
    "scheduler",
    "secretsmanager",
    "sns",
    "sqs",
    "stepfunctions",
)
"""What the stack is made of, by boto3's names."""

_CONFIG = Config(connect_timeout=5, read_timeout=15, retries={"total_max_attempts": 2})
_DRIFT_POLL_S = 3


@dataclass(frozen=True)
class Identity:
    """Who the credentials are, and how far this machine's clock is ahead of AWS's, in seconds."""

    account: str
    arn: str
    skew_s: float


@dataclass(frozen=True)
class StackRead:
    """What CloudFormation says of the stack; `drift` is the result of the last detection."""

    name: str
    status: str
    drift: str
    outputs: Mapping[str, str]


@dataclass(frozen=True)
class Alarms:
    """Names of a stack's alarms: those that are on, those that tell nobody, and the number of all."""

    firing: list[str]
    muted: list[str]
    total: int


def seconds_ahead_of(date_header: str) -> float:
    """Return how far this machine's clock is ahead of the `Date` of a response (RFC 9110)."""
    return time.time() - parsedate_to_datetime(date_header).timestamp()


class AwsReader:
    """Reads with the credentials of the environment; safe for several threads."""

    def __init__(self, stack_name: str) -> None:
        self._session = boto3.Session()
        self._stack_name = stack_name
        self._lock = Lock()
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """Return a client of a service; a session may make only one at a time."""
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._session.client(service, config=_CONFIG)  # type: ignore[call-overload]
            return self._clients[service]

    def region(self) -> tuple[str, list[str]]:
        """Return the region, and which services of the stack it is not known to have.

        boto3 knows it without asking AWS, and may not know a new region.

        Raises:
            NoRegionError: no region is set.
        """
        region = self._session.region_name
        if region is None:
            raise NoRegionError
        partition = self._session.get_partition_for_region(region)
        lacking = [
            service
            for service in SERVICES
            if region not in self._session.get_available_regions(service, partition)
        ]
        return region, lacking

    def identity(self) -> Identity:
        """Ask AWS who the credentials are."""
        answer = self.client("sts").get_caller_identity()
        date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
        return Identity(answer["Account"], answer["Arn"], seconds_ahead_of(date) if date else 0.0)

    def stack(self) -> StackRead:
        """Read the stack.

        Raises:
            NotFound: the account and region have none of this name.
        """
        cloudformation = self.client("cloudformation")
        try:
            (stack,) = cloudformation.describe_stacks(StackName=self._stack_name)["Stacks"]
        except (ValueError, cloudformation.exceptions.ClientError) as error:
            if isinstance(error, ValueError) or "does not exist" in str(error):
                raise NotFound(f"stack {self._stack_name} not found in this account and region") from error
            raise
        outputs = {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", ())}
        drift = stack.get("DriftInformation", {}).get("StackDriftStatus", "NOT_CHECKED")
        return StackRead(self._stack_name, stack["StackStatus"], drift, StackOutputs(outputs))

    def detect_drift(self) -> tuple[str, list[str]]:
        """Have CloudFormation compare the stack with its template; return the status and what drifted.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DetectStackDrift.html
        """
        cloudformation = self.client("cloudformation")
        detection = cloudformation.detect_stack_drift(StackName=self._stack_name)["StackDriftDetectionId"]
        while True:
            told = cloudformation.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
            if told["DetectionStatus"] != "DETECTION_IN_PROGRESS":
                break
            time.sleep(_DRIFT_POLL_S)
        status = told.get("StackDriftStatus", "UNKNOWN")
        if status != "DRIFTED":
            return status, []
        answer = cloudformation.describe_stack_resource_drifts(
            StackName=self._stack_name, StackResourceDriftStatusFilters=["MODIFIED", "DELETED"]
        )
        return status, [each["LogicalResourceId"] for each in answer["StackResourceDrifts"]]

    def key_states(self) -> dict[str, str]:
        """Return the state of each KMS key of the stack."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources")
        found = [
            each["PhysicalResourceId"]
            for page in pages.paginate(StackName=self._stack_name)
            for each in page["StackResourceSummaries"]
            if each["ResourceType"] == "AWS::KMS::Key"
        ]
        kms = self.client("kms")
        return {key: kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] for key in found}

    def dead_letters(self, outputs: Mapping[str, str]) -> dict[str, int]:
        """Return the number of messages in each queue of dead letters, by its output's name."""
        sqs = self.client("sqs")
        name = "ApproximateNumberOfMessages"
        return {
            output: int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])
            for output, url in outputs.items()
            if output.endswith("DeadLettersUrl")
        }

    def alarms(self) -> Alarms:
        """Read the states of the stack's alarms."""
        alarms = list(self._alarms())
        return Alarms(
            [each["AlarmName"] for each in alarms if each["StateValue"] == "ALARM"],
            [each["AlarmName"] for each in alarms if not each["ActionsEnabled"]],
            len(alarms),
        )

    def _alarms(self) -> Iterator[dict[str, Any]]:
        pages = self.client("cloudwatch").get_paginator("describe_alarms")
        for page in pages.paginate(AlarmNamePrefix=f"{self._stack_name}-", AlarmTypes=["MetricAlarm"]):
            yield from page["MetricAlarms"]

    def subscribers(self, topic_arn: str) -> tuple[int, int]:
        """Return how many subscriptions a topic has that are confirmed, and that are not.

        https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html
        """
        pages = self.client("sns").get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic_arn)
        arns = [each["SubscriptionArn"] for page in pages for each in page["Subscriptions"]]
        pending = arns.count("PendingConfirmation")
        return len(arns) - pending, pending

    def last_webhook_age_s(self, namespace: str) -> float | None:
        """Return how long ago LiveKit's last webhook of a call came, to the hour; None: none came."""
        now = datetime.now(UTC)
        answer = self.client("cloudwatch").get_metric_statistics(
            Namespace=namespace,
            MetricName=LIVEKIT_WEBHOOKS.name,
            Dimensions=[
                {"Name": "service", "Value": "livekit_webhook"},
                {"Name": "outcome", "Value": "handled"},
            ],
            StartTime=now - timedelta(days=LOOKED_BACK_DAYS),
            EndTime=now,
            Period=3_600,
            Statistics=["Sum"],
        )
        hours = [each["Timestamp"] for each in answer["Datapoints"] if each["Sum"] > 0]
        return max(0.0, (now - max(hours)).total_seconds()) if hours else None
