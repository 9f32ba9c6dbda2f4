"""Alarms: how they are made, and the ones that belong to a single construct.

Every alarm names its page in `docs/runbooks/`, and publishes to the stack's topic (`infrastructure/alerts.py`
wires them all).
"""

from __future__ import annotations

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infrastructure.python_function import metrics_namespace

MINUTE = Duration.minutes(1)
RUNBOOKS = "docs/runbooks"


def alarm(  # noqa: PLR0913 - an alarm's properties
    scope: Construct,
    name: str,
    metric: cloudwatch.IMetric,
    *,
    threshold: float,
    description: str,
    runbook: str,
    minutes: tuple[int, int] = (1, 1),
    below: bool = False,
    silence_is_bad: bool = False,
) -> cloudwatch.Alarm:
    """Go off when a metric reaches a threshold, or falls `below` it, in some of the last minutes.

    `minutes` are how many, and of how many. A minute without data counts as good, unless `silence_is_bad`.
    """
    operators = cloudwatch.ComparisonOperator
    missing = cloudwatch.TreatMissingData
    bad, looked_at = minutes
    return cloudwatch.Alarm(
        scope,
        name,
        metric=metric,
        threshold=threshold,
        datapoints_to_alarm=bad,
        evaluation_periods=looked_at,
        alarm_description=f"{description} Runbook: {RUNBOOKS}/{runbook}.md",
        comparison_operator=operators.LESS_THAN_THRESHOLD
        if below
        else operators.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treat_missing_data=missing.BREACHING if silence_is_bad else missing.NOT_BREACHING,
    )


def own_metric(
    scope: Construct, service: str, name: str, statistic: str, **dimensions: str
) -> cloudwatch.Metric:
    """Return a metric of `docs/metrics.md` as this stack's functions write it."""
    return cloudwatch.Metric(
        namespace=metrics_namespace(Stack.of(scope).stack_name.removeprefix("trunkline-")),
        metric_name=name,
        dimensions_map={"service": service, **dimensions},
        statistic=statistic,
        period=MINUTE,
    )


def sum_of(metrics: dict[str, cloudwatch.Metric]) -> cloudwatch.MathExpression:
    """Add metrics up, of which any may have no data; an alarm takes ten of them. Source:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html"""
    expression = " + ".join(f"FILL({name}, 0)" for name in metrics)
    return cloudwatch.MathExpression(expression=expression, using_metrics={**metrics}, period=MINUTE)


def failed_items(scope: Construct, service: str) -> cloudwatch.Alarm:
    """Go off when a pass of a service has stepped over an item: its logs name it."""
    return alarm(
        scope,
        "ItemsFailedAlarm",
        own_metric(scope, service, "ItemsFailed", "Sum"),
        threshold=1,
        description=f"{service} stepped over an item that it could not work on. The logs name it.",
        runbook="items-failed",
    )


def livekit_refused(scope: Construct, service: str) -> cloudwatch.Alarm:
    """Go off when LiveKit refuses to dial: its credentials are wrong, or it does not know a trunk."""
    return alarm(
        scope,
        "LiveKitRefusedAlarm",
        own_metric(scope, service, "LiveKitRefused", "Sum"),
        threshold=1,
        description="LiveKit refuses credentials or trunk, so calls wait. `trunkline trunks list` names it.",
        runbook="livekit-refused",
    )


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
    visible = queue.metric_approximate_number_of_messages_visible(period=MINUTE)
    alarm(scope, "DeadLettersAlarm", visible, threshold=1, description=description, runbook="dead-letters")
    return queue
