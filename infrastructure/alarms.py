"""Alarms that go off at the first minute, and dead letters with one."""

from __future__ import annotations

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infrastructure.python_function import metrics_namespace


def alarm(
    scope: Construct, name: str, metric: cloudwatch.Metric, *, threshold: int, description: str
) -> cloudwatch.Alarm:
    """Go off when a metric reaches a threshold."""
    return cloudwatch.Alarm(
        scope,
        name,
        metric=metric,
        threshold=threshold,
        evaluation_periods=1,
        alarm_description=description,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
    )


def failed_items(scope: Construct, service: str) -> cloudwatch.Alarm:
    """Go off when a pass of a service has stepped over an item: its logs name it."""
    described = f"{service} stepped over an item that it could not work on. The logs name it."
    return _counted(scope, service, "ItemsFailed", described)


def livekit_refused(scope: Construct, service: str) -> cloudwatch.Alarm:
    """Go off when LiveKit refuses to dial: its credentials are wrong, or it does not know a trunk."""
    described = (
        "LiveKit refuses credentials or trunk, so calls wait. `trunkline trunks list` names the trunk."
    )
    return _counted(scope, service, "LiveKitRefused", described)


def _counted(scope: Construct, service: str, metric_name: str, description: str) -> cloudwatch.Alarm:
    """Go off when a service counts anything in a metric of its own."""
    metric = cloudwatch.Metric(
        namespace=metrics_namespace(Stack.of(scope).stack_name.removeprefix("trunkline-")),
        metric_name=metric_name,
        dimensions_map={"service": service},
        statistic="Sum",
        period=Duration.minutes(1),
    )
    return alarm(scope, f"{metric_name}Alarm", metric, threshold=1, description=description)


def dead_letters(scope: Construct, key: kms.IKey | None, description: str) -> sqs.Queue:
    """A queue for what failed for good, kept for two weeks; the alarm goes off at the first letter. Without a
    key SQS encrypts with its own: services of AWS that put letters in may use no other."""
    queue = sqs.Queue(
        scope,
        "DeadLetters",
        enforce_ssl=True,
        encryption=sqs.QueueEncryption.KMS if key else sqs.QueueEncryption.SQS_MANAGED,
        encryption_master_key=key,
        retention_period=Duration.days(14),
    )
    visible = queue.metric_approximate_number_of_messages_visible(period=Duration.minutes(1))
    alarm(scope, "DeadLettersAlarm", visible, threshold=1, description=description)
    return queue
