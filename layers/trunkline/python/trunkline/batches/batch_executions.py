"""Client of the state machine that runs a batch's jobs; its state has ids and numbers, never rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from trunkline.batches.models import Batch

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


class BatchStateMachine:
    """Starts an execution for each job of a batch."""

    def __init__(self, open_client: Callable[[], SFNClient], state_machine_arn: str) -> None:
        self._open = open_client
        self._arn = state_machine_arn

    def start(self, batch: Batch) -> None:
        """Start a batch's job, unless its execution exists."""
        job_input = json.dumps({"batch_id": batch.id, "work": batch.job})
        try:
            self._open().start_execution(
                stateMachineArn=self._arn, name=batch.execution_name, input=job_input
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
                raise

    def has_failed(self, batch: Batch) -> bool:
        """Tell whether the execution has ended, though the job of the batch has not."""
        arn = f"{self._arn.replace(':stateMachine:', ':execution:')}:{batch.execution_name}"
        try:
            answer = self._open().describe_execution(executionArn=arn)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ExecutionDoesNotExist":
                return False
            raise
        return answer["status"] != "RUNNING"
