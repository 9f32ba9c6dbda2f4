"""Tasks of a pass: SQS messages that name trunks, or a range of calls, for one invocation to look at."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from trunkline.core.stored_fields import known_fields

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_BATCH = 10
"""The most messages of one request. Source:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html"""


@dataclass(frozen=True)
class CallRange:
    """A part of a lane with more calls than one invocation looks at: a range of the index of open calls.

    `walk_ms` is when the walk over the lane began; `number` tells its parts apart.
    """

    lane: str
    number: int
    walk_ms: int
    partition: str
    first: str
    last: str


@dataclass(frozen=True)
class RepairTask:
    """A shard of lanes (trunks, or the lanes of web calls), or one range of calls.

    `group` is the message group: while one group has many messages in flight, SQS hands out those of other
    groups first. Source:
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html
    """

    planned_ms: int
    group: str
    lanes: tuple[str, ...] = ()
    calls: CallRange | None = None

    def to_json(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, body: str) -> RepairTask:
        values: dict[str, Any] = json.loads(body)
        calls = values.get("calls")
        return cls(
            planned_ms=values["planned_ms"],
            group=values["group"],
            lanes=tuple(values["lanes"]),
            calls=CallRange(**known_fields(CallRange, calls)) if calls else None,
        )


class RepairTaskQueue:
    """Sends tasks, ten a request."""

    def __init__(self, client: SQSClient, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def send(self, tasks: Sequence[RepairTask]) -> int:
        """Send the tasks and return how many SQS did not take; the next pass makes up for those."""
        refused = 0
        for start in range(0, len(tasks), _BATCH):
            entries: Any = [
                {"Id": str(number), "MessageBody": task.to_json(), "MessageGroupId": task.group}
                for number, task in enumerate(tasks[start : start + _BATCH])
            ]
            response = self._client.send_message_batch(QueueUrl=self._queue_url, Entries=entries)
            refused += len(response.get("Failed", []))
        return refused
