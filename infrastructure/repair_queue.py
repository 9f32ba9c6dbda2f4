"""The queue of a pass's tasks, its dead letters, and the alarm on them."""

from __future__ import annotations

from aws_cdk import aws_kms as kms
from constructs import Construct

from infrastructure.queues import short_lived_queue

TASK_TIMEOUT_S = 55

_VISIBILITY_S = 90
_MAX_RECEIVES = 5
"""AWS asks for five at least: a message that Lambda throttles counts as received.

It also advises a visibility timeout of six times the function's, so that Lambda can try again what it
throttles. Here this would keep a part of a pass that crashed unrepaired for five minutes. Throttling is rare:
the event source takes no more messages at once than the function reserves.
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"""


class RepairQueue(Construct):
    """A queue of tasks. A task that is older than an hour has sixty successors, and goes."""

    def __init__(self, scope: Construct, name: str, key: kms.IKey) -> None:
        super().__init__(scope, name)
        self.queue, self.dead_letters = short_lived_queue(
            self,
            key,
            failure="A part of the reconciler's pass failed five times: its trunks are not repaired.",
            visibility_s=_VISIBILITY_S,
            max_receives=_MAX_RECEIVES,
        )
