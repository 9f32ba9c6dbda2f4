"""Client of the Step Functions state machine that runs deliveries, one execution each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from trunkline.webhooks.delivery_models import Delivery

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


class DeliveryStateMachine:
    """Starts executions; their state contains only the delivery's id."""

    def __init__(self, client: SFNClient, state_machine_arn: str) -> None:
        self._client = client
        self._arn = state_machine_arn

    def start(self, delivery: Delivery, restart: int | None = None) -> None:
        """Start a delivery's execution; do nothing if it has started.

        The execution is named after the delivery; `restart` names another one, after the first was lost.
        """
        name = delivery.id if restart is None else f"{delivery.id}_r{restart}"
        try:
            self._client.start_execution(
                stateMachineArn=self._arn, name=name, input=json.dumps({"delivery_id": delivery.id})
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
                raise
