"""The queue of call checks, its dead letters, and the alarm on them."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infrastructure.alarms import dead_letters

_VISIBILITY_S = 60
_MAX_RECEIVES = 3


class CallChecks(Construct):
    """A queue whose messages are delayed until their call is to be looked at."""

    def __init__(self, scope: Construct, name: str, key: kms.IKey) -> None:
        super().__init__(scope, name)
        letters = dead_letters(self, key, "A call check failed three times: the reconciler makes up for it.")
        self.queue = sqs.Queue(
            self,
            "Queue",
            enforce_ssl=True,
            encryption_master_key=key,
            visibility_timeout=Duration.seconds(_VISIBILITY_S),
            retention_period=Duration.hours(1),
            dead_letter_queue=sqs.DeadLetterQueue(queue=letters, max_receive_count=_MAX_RECEIVES),
        )
