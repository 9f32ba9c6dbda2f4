"""The delivery of webhooks: stream, fan-out, one Step Functions execution a delivery, and their alarms.

Deliver → Choice → Wait (seconds from the state) → Deliver …; the state carries ids, never what was said.
"""

from __future__ import annotations

import json
from typing import Any

from aws_cdk import Acknowledgment, Duration, Validations
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from infrastructure import permissions as may
from infrastructure.alarms import alarm, dead_letters
from infrastructure.data_stores import DataStores
from infrastructure.python_function import PythonFunction, Runtime
from infrastructure.state_machines import state_machine, suppress_nag

DELIVER_TIMEOUT_S = 25
_BATCH = 100
_RETRIES = 20
_THROTTLED_RETRIES = 100
_MAX_AGE_S = 23 * 3600
_BEHIND_MS = 60_000
# The events of a call that the stream passes on, besides the first one, its acceptance.
STREAMED_CALL_EVENTS = (
    "active",
    "completed",
    "failed",
    "timeout",
    "cancelled",
    "disconnected",
    "agent_changed",
)


class DeliveryStateMachine(Construct):
    """The state machine that carries one delivery an execution."""

    def __init__(self, scope: Construct, name: str, *, deliver: lambda_.Alias, runtime: Runtime) -> None:
        super().__init__(scope, name)
        step = tasks.LambdaInvoke(
            self,
            "Deliver",
            lambda_function=deliver,
            payload_response_only=True,
            retry_on_service_exceptions=False,
        )
        # A function that fails or is throttled spends no attempt; the reconciler starts what is lost.
        # Throttling passes within seconds: a longer wait would delay a delivery for its neighbours' sake.
        step.add_retry(
            errors=["Lambda.TooManyRequestsException"],
            interval=Duration.seconds(1),
            backoff_rate=1.5,
            max_delay=Duration.seconds(10),
            max_attempts=_THROTTLED_RETRIES,
            jitter_strategy=sfn.JitterType.FULL,
        )
        step.add_retry(
            errors=["States.ALL"],
            interval=Duration.seconds(2),
            backoff_rate=2,
            max_delay=Duration.minutes(5),
            max_attempts=_RETRIES,
            jitter_strategy=sfn.JitterType.FULL,
        )
        wait = sfn.Wait(self, "Wait", time=sfn.WaitTime.seconds_path("$.wait_s"))
        waits = sfn.Condition.string_equals("$.next", "wait")
        choice = sfn.Choice(self, "Choice").when(waits, wait).otherwise(sfn.Succeed(self, "Done"))
        wait.next(step)
        self.machine = state_machine(self, "deliveries", sfn.Chain.start(step).next(choice), runtime)
        suppress_nag(self.machine, deliver)


class EventSource(Construct):
    """The table's stream as the fan-out sees it: events alone, each tried for a day, then kept."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        data: DataStores,
        fanout: PythonFunction,
        parallelization: int,
    ) -> None:
        super().__init__(scope, name)
        self.dead_letters = dead_letters(
            self, data.key, "Events could not be fanned out: endpoints were not told of them."
        )
        reason = "It is where the stream's dead letters go; an alarm watches it."
        Validations.of(self.dead_letters).acknowledge(
            Acknowledgment(id="AwsSolutions::AwsSolutions-SQS3", reason=reason)
        )
        may.may_follow_stream(fanout.role, data, self.dead_letters)
        mapping = lambda_.CfnEventSourceMapping(
            self,
            "Stream",
            function_name=fanout.live.function_arn,
            event_source_arn=data.table.table_stream_arn,
            starting_position="TRIM_HORIZON",
            batch_size=_BATCH,
            bisect_batch_on_function_error=True,
            function_response_types=["ReportBatchItemFailures"],
            maximum_retry_attempts=_RETRIES,
            maximum_record_age_in_seconds=_MAX_AGE_S,
            parallelization_factor=parallelization,
            destination_config={"onFailure": {"destination": self.dead_letters.queue_arn}},
            filter_criteria={"filters": [{"pattern": json.dumps(each)} for each in _patterns()]},
        )
        mapping.node.add_dependency(fanout.role)
        alarm(
            self,
            "FanoutBehindAlarm",
            fanout.function.metric("IteratorAge", statistic="Maximum", period=Duration.minutes(1)),
            threshold=_BEHIND_MS,
            minutes=(3, 5),
            description="Events wait for their fan-out: endpoints are told late.",
            runbook="fanout-behind",
        )


def _patterns() -> list[dict[str, Any]]:
    story = {"pk": {"S": [{"prefix": "C#"}]}, "sk": {"S": [{"prefix": "EVENT#"}]}}
    logs_ = {"pk": {"S": [{"prefix": "TRUNKLOG#"}, {"prefix": "TENANTLOG#"}]}}
    return [
        _inserted(story, {"type": {"S": list(STREAMED_CALL_EVENTS)}}),
        _inserted(story, {"sequence": {"N": ["1"]}}),
        _inserted(logs_, {}),
    ]


def _inserted(keys: dict[str, Any], image: dict[str, Any]) -> dict[str, Any]:
    changed = {"Keys": keys} | ({"NewImage": image} if image else {})
    return {"eventName": ["INSERT"], "dynamodb": changed}
