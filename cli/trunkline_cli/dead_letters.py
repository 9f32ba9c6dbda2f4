"""Wakes that failed three times: look at them, and send them again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3

from trunkline.core.timestamps import iso_from_ms
from trunkline.dial_queue.messages import DialWakeup, WakeQueue

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

_BATCH = 10
_HIDDEN_S = 30


@dataclass(frozen=True)
class DeadLetter:
    """A wake in the dead letters: the trunk it was for, and when it was first sent."""

    trunk_id: str
    sent_at: str
    receipt: str


class DeadLetters:
    """The dial queue's dead letters. A wake carries no call, so sending one again is always safe."""

    def __init__(self, sqs: SQSClient, url: str, wakes: WakeQueue) -> None:
        self._sqs = sqs
        self._url = url
        self._wakes = wakes

    def look(self) -> list[DeadLetter]:
        """Read the dead letters and leave them as they were."""
        letters = list(self._read())
        for letter in letters:
            self._sqs.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=letter.receipt, VisibilityTimeout=0
            )
        return letters

    def _read(self) -> Iterator[DeadLetter]:
        while messages := self._receive():
            for message in messages:
                wake = DialWakeup.from_json(message["Body"])
                sent_at = iso_from_ms(int(message["Attributes"]["SentTimestamp"]))
                yield DeadLetter(wake.trunk_id, sent_at, message["ReceiptHandle"])

    def redrive(self) -> list[str]:
        """Wake each trunk once, and only then delete its dead letters; return the trunks.

        Raises:
            WakeupNotSent: what was not sent is still there.
        """
        woken: list[str] = []
        for letter in self._read():
            if letter.trunk_id not in woken:
                self._wakes.send(DialWakeup(letter.trunk_id))
                woken.append(letter.trunk_id)
            self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=letter.receipt)
        return woken

    def _receive(self) -> list[MessageTypeDef]:
        answer = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=_BATCH,
            VisibilityTimeout=_HIDDEN_S,
            MessageSystemAttributeNames=["SentTimestamp"],
        )
        return answer.get("Messages", [])


def open_dead_letters(outputs: dict[str, str]) -> DeadLetters:
    """Open a deployment's dead letters by its stack's outputs."""
    sqs = boto3.client("sqs")
    wakes = WakeQueue(sqs, outputs["DialQueueUrl"], outputs["TestDialQueueUrl"])
    return DeadLetters(sqs, outputs["DeadLettersUrl"], wakes)
