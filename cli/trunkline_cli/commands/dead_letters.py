"""The `trunkline dead-letters` commands, for wake-ups of the dialer that failed five times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
import typer

from trunkline.core.timestamps import iso_from_ms
from trunkline.dial_queue.messages import DialWakeup, WakeQueue
from trunkline_cli.console import Stage, report_errors, show
from trunkline_cli.stack_outputs import stack_outputs

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

app = typer.Typer(
    no_args_is_help=True, help="List and redrive the dialer's wake-up messages that failed five times."
)
_BATCH_SIZE = 10
_VISIBILITY_TIMEOUT_S = 30


@app.command("list")
def list_dead_letters(stage: Stage = "dev") -> None:
    """List the dead letters: when each was sent, and the trunk that the dialer failed on.

    They stay in the queue.
    """
    with report_errors():
        letters = open_dead_letters(stack_outputs(stage)).peek()
        for letter in letters:
            show(f"{letter.sent_at}  {letter.trunk_id}")
        show(f"{len(letters)} dead letters")


@app.command("redrive")
def redrive_dead_letters(stage: Stage = "dev") -> None:
    """Wake the dialer again for each trunk that has dead letters, and delete them.

    The reconciler does the same every minute, so this only saves time.
    """
    with report_errors():
        trunk_ids = open_dead_letters(stack_outputs(stage)).redrive()
        show(f"redriven trunks: {', '.join(trunk_ids) or 'none'}")


@dataclass(frozen=True)
class DeadLetter:
    """A failed wake-up: its trunk, when it was first sent (ISO 8601), its queue and SQS receipt handle."""

    trunk_id: str
    sent_at: str
    queue_url: str
    receipt_handle: str


class DeadWakeups:
    """The dead letters of the dial queue and of the test dial queue.

    A wake-up names a trunk and no call, so sending one again is always safe.
    """

    def __init__(self, sqs: SQSClient, urls: Sequence[str], wakes: WakeQueue) -> None:
        self._sqs = sqs
        self._urls = urls
        self._wakes = wakes

    def peek(self) -> list[DeadLetter]:
        """Read the dead letters, and make them visible again at once."""
        letters = list(self._receive_all())
        for letter in letters:
            self._sqs.change_message_visibility(
                QueueUrl=letter.queue_url, ReceiptHandle=letter.receipt_handle, VisibilityTimeout=0
            )
        return letters

    def redrive(self) -> list[str]:
        """Wake each trunk once, then delete its dead letters; return the ids of the trunks.

        Raises:
            WakeupNotSent: SQS refused a wake-up; its dead letters stay in the queue.
        """
        redriven: list[str] = []
        for letter in self._receive_all():
            if letter.trunk_id not in redriven:
                self._wakes.send(DialWakeup(letter.trunk_id))
                redriven.append(letter.trunk_id)
            self._sqs.delete_message(QueueUrl=letter.queue_url, ReceiptHandle=letter.receipt_handle)
        return redriven

    def _receive_all(self) -> Iterator[DeadLetter]:
        for url in self._urls:
            while messages := self._receive(url):
                for message in messages:
                    wake = DialWakeup.from_json(message["Body"])
                    sent_at = iso_from_ms(int(message["Attributes"]["SentTimestamp"]))
                    yield DeadLetter(wake.trunk_id, sent_at, url, message["ReceiptHandle"])

    def _receive(self, url: str) -> list[MessageTypeDef]:
        response = self._sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=_BATCH_SIZE,
            VisibilityTimeout=_VISIBILITY_TIMEOUT_S,
            MessageSystemAttributeNames=["SentTimestamp"],
        )
        return response.get("Messages", [])


def open_dead_letters(outputs: dict[str, str]) -> DeadWakeups:
    """Open the dead letters of a deployment by the outputs of its stack."""
    sqs = boto3.client("sqs")
    wakes = WakeQueue(sqs, outputs["DialQueueUrl"], outputs["TestDialQueueUrl"])
    return DeadWakeups(sqs, [outputs["DeadLettersUrl"], outputs["TestDeadLettersUrl"]], wakes)
