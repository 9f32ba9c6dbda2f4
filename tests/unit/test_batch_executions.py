"""Executions of a batch's jobs: which of them the reconciler has to begin anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from trunkline.batches.batch_executions import BatchStateMachine


@dataclass
class Executions:
    """Step Functions, with one execution or none."""

    status: str | None

    def describe_execution(self, **_: Any) -> dict[str, Any]:
        if self.status is None:
            raise ClientError(
                {"Error": {"Code": "ExecutionDoesNotExist", "Message": ""}}, "DescribeExecution"
            )
        return {"status": self.status}


@dataclass
class Named:
    execution_name: str = "bat_1-import-1"


@pytest.mark.parametrize(
    ("status", "failed"),
    [
        (None, False),
        ("RUNNING", False),
        ("FAILED", True),
        ("TIMED_OUT", True),
        ("ABORTED", True),
        ("SUCCEEDED", True),
    ],
)
def test_an_execution_that_is_over_has_failed_if_its_job_is_not_done(
    status: str | None, failed: bool
) -> None:
    client: Any = Executions(status)
    batch: Any = Named()
    assert BatchStateMachine(lambda: client, "arn:aws:states:x:1:stateMachine:b").has_failed(batch) is failed
