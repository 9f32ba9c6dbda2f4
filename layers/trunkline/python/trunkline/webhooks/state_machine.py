"""The state machine that carries deliveries: one execution each, named after it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from trunkline.webhooks.delivery_models import Delivery

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


class DeliveryStateMachine:
    """Starts executions; the state carries the delivery's id and nothing else."""

    def __init__(self, client: SFNClient, state_machine_arn: str) -> None:
        self._client = client
        self._arn = state_machine_arn

    def start(self, delivery: Delivery, again: int | None = None) -> None:
        """Start a delivery's execution; one that was started is not started twice.

        `again` names another one, for a delivery whose execution was lost.
        """
        name = delivery.id if again is None else f"{delivery.id}_r{again}"
        try:
            self._client.start_execution(
                stateMachineArn=self._arn, name=name, input=json.dumps({"delivery_id": delivery.id})
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
                raise
