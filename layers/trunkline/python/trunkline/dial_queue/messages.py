"""SQS messages that wake the dialer of a trunk; they name a trunk and carry no call."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from trunkline.core import aws_clients
from trunkline.trunks.models import is_test_trunk

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


MAX_DELAY_S = 900
"""The longest delay of an SQS message, 15 minutes
(https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-delay-queues.html)."""


class WakeupNotSent(Exception):
    """SQS refused the message, or did not confirm it in time."""


@dataclass(frozen=True)
class DialWakeup:
    """A wake-up of a trunk.

    `handover`: the previous run releases the lane in this moment. `watchdog`: do nothing unless the run that
    held the lane has died.
    """

    trunk_id: str
    handover: bool = False
    watchdog: bool = False

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, body: str) -> DialWakeup:
        values = json.loads(body)
        return cls(str(values["trunk_id"]), bool(values["handover"]), bool(values.get("watchdog")))


class QueueSettings(Protocol):
    """The settings that name the queues."""

    @property
    def dial_queue_url(self) -> str: ...
    @property
    def test_dial_queue_url(self) -> str: ...


class WakeQueue:
    """Sends wake-ups; test trunks have a queue of their own.

    A lost or repeated wake-up neither loses nor repeats a call: the calls are in the table.
    """

    def __init__(self, client: SQSClient, queue_url: str, test_queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url
        self._test_queue_url = test_queue_url

    @classmethod
    def open(cls, settings: QueueSettings) -> WakeQueue:
        """Open the queues that a function's settings name."""
        return cls(aws_clients.client("sqs"), settings.dial_queue_url, settings.test_dial_queue_url)

    def send(self, wake: DialWakeup, delay_s: int = 0) -> None:
        """Send one wake-up, delayed by `delay_s` (at most `MAX_DELAY_S`).

        The trunk is the message group, so that a busy trunk does not starve others.

        Raises:
            WakeupNotSent: its text is a cause that may be shown to the caller.
        """
        is_test = is_test_trunk(wake.trunk_id)
        try:
            self._client.send_message(
                QueueUrl=self._test_queue_url if is_test else self._queue_url,
                MessageBody=wake.to_json(),
                MessageGroupId=wake.trunk_id,
                DelaySeconds=delay_s,
            )
        except ClientError as error:
            raise WakeupNotSent(error.response["Error"].get("Code", "Refused")) from error
        except BotoCoreError as error:
            timed_out = "Timeout" in type(error).__name__
            raise WakeupNotSent("Connection timeout" if timed_out else "Connection failed") from error
