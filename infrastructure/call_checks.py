"""The queue of call checks, its dead letters, and the alarm on them."""

from __future__ import annotations

from aws_cdk import aws_kms as kms
from constructs import Construct

from infrastructure.queues import short_lived_queue

_VISIBILITY_S = 60
_MAX_RECEIVES = 5  # a message that Lambda throttles counts as received


class CallChecks(Construct):
    """A queue whose messages are delayed until their call is to be looked at."""

    def __init__(self, scope: Construct, name: str, key: kms.IKey) -> None:
        super().__init__(scope, name)
        self.queue, self.dead_letters = short_lived_queue(
            self,
            key,
            failure="A call check failed five times: the reconciler makes up for it.",
            visibility_s=_VISIBILITY_S,
            max_receives=_MAX_RECEIVES,
        )
