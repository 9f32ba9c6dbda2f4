"""The queue of wakes, its dead letters, and the alarms on both."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_kms as kms
from constructs import Construct

from infrastructure.alarms import alarm
from infrastructure.queues import short_lived_queue

DIALER_TIMEOUT_S = 240
CALL_QUEUES = ("DIAL_QUEUE_URL", "TEST_DIAL_QUEUE_URL", "CALL_CHECK_QUEUE_URL")
"""Environment of the functions that follow phone calls."""

_VISIBILITY_S = 300
_MAX_RECEIVES = 5
"""At least five: a wake that Lambda throttles counts as received. Source:
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"""
_OLDEST_WAKE_S = 600
"""A wake stays in the queue while its run lasts, four minutes at most, and may have waited for a lane for as
long before: the metric counts messages in flight, too. Source:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html"""


class DialQueue(Construct):
    """A standard queue: a FIFO queue's batches would let one trunk hold up another. Test trunks have one of
    their own."""

    def __init__(self, scope: Construct, name: str, key: kms.IKey) -> None:
        super().__init__(scope, name)
        self.queue, self.dead_letters = short_lived_queue(
            self,
            key,
            failure="A wake failed five times: the dialer crashes for a trunk.",
            visibility_s=_VISIBILITY_S,
            max_receives=_MAX_RECEIVES,
        )
        alarm(
            self,
            "OldestWakeAlarm",
            self.queue.metric_approximate_age_of_oldest_message(period=Duration.minutes(1)),
            threshold=_OLDEST_WAKE_S,
            minutes=(3, 3),
            description="A wake has stayed in its queue for longer than a run lasts: trunks are not dialled.",
            runbook="wakes-waiting",
        )
