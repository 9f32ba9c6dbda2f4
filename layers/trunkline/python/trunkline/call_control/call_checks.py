"""Queue of call checks: delayed messages that have one call reconciled at a time, not at the next minute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from trunkline.core.clock import Clock
from trunkline.dial_queue.messages import MAX_DELAY_S

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class CallCheckQueue:
    """Sends checks, best effort: the reconciler makes up for a lost one, and a repeated one does nothing."""

    def __init__(self, client: SQSClient, queue_url: str, clock: Clock, log: Logger) -> None:
        self._client = client
        self._queue_url = queue_url
        self._clock = clock
        self._log = log

    def send(self, call_id: str, at_ms: int) -> None:
        """Have a call reconciled at a time; a later one than SQS can wait for is left to the reconciler."""
        delay_s = max(0, -(-(at_ms - self._clock.wall_ms()) // 1000))
        if delay_s > MAX_DELAY_S:
            return
        try:
            self._client.send_message(QueueUrl=self._queue_url, MessageBody=call_id, DelaySeconds=delay_s)
        except (BotoCoreError, ClientError) as error:
            self._log.warning("check not sent", call_id=call_id, cause=type(error).__name__)
