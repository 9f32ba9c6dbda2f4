"""Where secrets must not be: what the functions log, queues, executions, and the table."""

from __future__ import annotations

from typing import Any

from local.deployment import client
from local.stack import Stack
from tests.support import http
from tests.support.function_logs import log_lines


def executions_of(stack: Stack, since_ms: int) -> str:
    """Every delivery's execution that began since a moment, with its history."""
    states = client(stack.config, "stepfunctions")
    machine = stack.outputs.values["DeliveryFlowArn"]
    pages = states.get_paginator("list_executions").paginate(stateMachineArn=machine)
    told: list[Any] = []
    for execution in (execution for page in pages for execution in page["executions"]):
        if execution["startDate"].timestamp() * 1000 >= since_ms:
            arn = execution["executionArn"]
            told += [
                states.describe_execution(executionArn=arn),
                states.get_execution_history(executionArn=arn),
            ]
    return repr(told) if told else ""


def queues_of(stack: Stack) -> str:
    """What waits in the queues, looked at without being received."""
    answer = http.get(f"{stack.config.emulator_url}/_ministack/sqs/messages")
    assert answer.is_success
    return answer.text


def table_of(stack: Stack) -> str:
    dynamodb = client(stack.config, "dynamodb")
    pages = dynamodb.get_paginator("scan").paginate(TableName=stack.outputs.values["TableName"])
    return repr([item for page in pages for item in page["Items"]])


def logs_of(stack: Stack, since_ms: int) -> dict[str, str]:
    """What each function wrote since a moment."""
    found: dict[str, list[str]] = {}
    for line in log_lines(stack, since_ms):
        found.setdefault(line.function, []).append(line.text)
    return {function: "\n".join(lines) for function, lines in found.items()}
