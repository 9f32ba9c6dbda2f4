"""Queues whose messages a function takes one by one, with a place for those that fail again and again."""

from __future__ import annotations

from aws_cdk import Duration, Names
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infrastructure import permissions as may
from infrastructure.alarms import dead_letters
from infrastructure.python_function import PythonFunction


def work_queue(  # noqa: PLR0913 - one argument for each property of a queue
    scope: Construct,
    name: str,
    *,
    key: kms.IKey | None,
    letters: sqs.Queue,
    visibility_s: int,
    max_receives: int,
    retention: Duration,
) -> sqs.Queue:
    """Add a queue. Without a key SQS encrypts with its own, so that services of AWS can send to it without a
    grant on ours."""
    return sqs.Queue(
        scope,
        name,
        enforce_ssl=True,
        encryption=None if key else sqs.QueueEncryption.SQS_MANAGED,
        encryption_master_key=key,
        visibility_timeout=Duration.seconds(visibility_s),
        retention_period=retention,
        dead_letter_queue=sqs.DeadLetterQueue(queue=letters, max_receive_count=max_receives),
    )


def short_lived_queue(
    scope: Construct, key: kms.IKey, *, failure: str, visibility_s: int, max_receives: int
) -> tuple[sqs.Queue, sqs.Queue]:
    """Add a queue whose messages mean nothing after an hour, and its dead letters with their alarm.

    Returns:
        The queue, and the queue of dead letters; the alarm says `failure`.
    """
    letters = dead_letters(scope, key, failure)
    queue = work_queue(
        scope,
        "Queue",
        key=key,
        letters=letters,
        visibility_s=visibility_s,
        max_receives=max_receives,
        retention=Duration.hours(1),
    )
    return queue, letters


def serve_queue(function: PythonFunction, queue: sqs.Queue, at_once: int) -> None:
    """Have a function take a queue's messages one by one, and `at_once` of them at the same time.

    CDK's `SqsEventSource` would also let the role decrypt in requests to KMS itself. The event source has the
    id that it had there: with another one, an update would make a second one beside it, which Lambda refuses.
    """
    may.may_receive(function.role, queue)
    function.live.add_event_source_mapping(
        f"SqsEventSource:{Names.node_unique_id(queue.node)}",
        event_source_arn=queue.queue_arn,
        batch_size=1,
        max_concurrency=at_once,
    )
