"""Baselines: minimal functions on the same emulator, without Trunkline."""

from __future__ import annotations

import io
import json
import time
import uuid
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local.deployment import client
from local.stack import Stack

_CONSTANT_SOURCE = (
    "def handle(event, context):\n    print('ok')\n    return {'statusCode': 201, 'body': '{}'}\n"
)
_QUEUE_CONSUMER_SOURCE = (
    "import time\n"
    "def handle(event, context):\n"
    "    now = time.time()\n"
    "    for record in event['Records']:\n"
    "        open({path!r}, 'a').write(record['body'] + ' ' + repr(now) + chr(10))\n"
    "    print('ok')\n"
)
_EXECUTION_STARTER_SOURCE = (
    "import boto3, json\n"
    "client = boto3.client('stepfunctions')\n"
    "def handle(event, context):\n"
    "    for record in event['Records']:\n"
    "        name = record['dynamodb']['Keys']['pk']['S']\n"
    "        text = json.dumps({{'n': name}})\n"
    "        client.start_execution(stateMachineArn={machine!r}, name=name, input=text)\n"
    "    print('ok')\n"
)
_TASK_SOURCE = (
    "import time\n"
    "def handle(event, context):\n"
    "    open({path!r}, 'a').write(event['n'] + ' ' + repr(time.time()) + chr(10))\n"
    "    print('ok')\n"
    "    return {{}}\n"
)
_FANOUT_FUNCTION = "trunkline-local-event-fanout"
_ROLE_ARN = "arn:aws:iam::000000000000:role/bench"
_WARM_UPS = 2


def _create_function(stack: Stack, name: str, source: str, layers: Sequence[str] = ()) -> str:
    """Create a function from one source file, and return its ARN."""
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("baseline.py", source)
    response = client(stack.config, "lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=_ROLE_ARN,
        Handler="baseline.handle",
        Code={"ZipFile": zipped.getvalue()},
        Timeout=30,
        Layers=list(layers),
    )
    return str(response["FunctionArn"])


@contextmanager
def constant_route(stack: Stack) -> Iterator[str]:
    """Add a route to the HTTP API whose function returns a constant; yield its path."""
    api = client(stack.config, "apigatewayv2")
    arn = _create_function(stack, "bench-constant", _CONSTANT_SOURCE)
    integration = api.create_integration(
        ApiId=stack.outputs.api_id,
        IntegrationType="AWS_PROXY",
        IntegrationUri=arn,
        PayloadFormatVersion="2.0",
    )
    api.create_route(
        ApiId=stack.outputs.api_id,
        RouteKey="POST /bench/constant",
        Target=f"integrations/{integration['IntegrationId']}",
    )
    yield "/bench/constant"
    client(stack.config, "lambda").delete_function(FunctionName="bench-constant")


def queue_to_function_s(stack: Stack, count: int) -> list[float]:
    """Return the seconds from SendMessage to the first line of the function, one message at a time."""
    sqs, lambda_ = client(stack.config, "sqs"), client(stack.config, "lambda")
    log: Path = stack.config.folder / "bench-queue.txt"
    log.unlink(missing_ok=True)
    url = sqs.create_queue(QueueName="bench-queue")["QueueUrl"]
    queue_arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    _create_function(stack, "bench-queue", _QUEUE_CONSUMER_SOURCE.format(path=str(log)))
    mapping = lambda_.create_event_source_mapping(
        EventSourceArn=queue_arn, FunctionName="bench-queue", BatchSize=1, Enabled=True
    )
    samples = []
    for number in range(_WARM_UPS + count):
        started_s = time.time()
        sqs.send_message(QueueUrl=url, MessageBody=str(number))
        logged_s = _wait_for_entry(log, number)
        if number >= _WARM_UPS:
            samples.append(logged_s - started_s)
    lambda_.delete_event_source_mapping(UUID=mapping["UUID"])
    lambda_.delete_function(FunctionName="bench-queue")
    return samples


class StreamToTask:
    """A table whose stream starts an execution, with a function as its only task."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._name = f"bench-{uuid.uuid4().hex[:8]}"
        self._log: Path = stack.config.folder / f"{self._name}.txt"

    def __enter__(self) -> StreamToTask:
        lambda_ = client(self._stack.config, "lambda")
        stream_arn = self._create_table()
        machine_arn = self._create_state_machine()
        fanout = lambda_.get_function_configuration(FunctionName=_FANOUT_FUNCTION)
        layers = [layer["Arn"] for layer in fanout["Layers"]]
        source = _EXECUTION_STARTER_SOURCE.format(machine=machine_arn)
        _create_function(self._stack, f"{self._name}-starter", source, layers)
        self._mapping_id = lambda_.create_event_source_mapping(
            EventSourceArn=stream_arn,
            FunctionName=f"{self._name}-starter",
            StartingPosition="TRIM_HORIZON",
            BatchSize=25,
        )["UUID"]
        return self

    def _create_table(self) -> str:
        dynamodb: Any = client(self._stack.config, "dynamodb")
        table = dynamodb.create_table(
            TableName=self._name,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )
        return str(table["TableDescription"]["LatestStreamArn"])

    def _create_state_machine(self) -> str:
        task_arn = _create_function(
            self._stack, f"{self._name}-task", _TASK_SOURCE.format(path=str(self._log))
        )
        task = {"Type": "Task", "Resource": task_arn, "End": True}
        definition = json.dumps({"StartAt": "Task", "States": {"Task": task}})
        sfn: Any = client(self._stack.config, "stepfunctions")
        machine = sfn.create_state_machine(name=self._name, roleArn=_ROLE_ARN, definition=definition)
        return str(machine["stateMachineArn"])

    def __exit__(self, *_: object) -> None:
        lambda_ = client(self._stack.config, "lambda")
        lambda_.delete_event_source_mapping(UUID=self._mapping_id)
        for suffix in ("task", "starter"):
            lambda_.delete_function(FunctionName=f"{self._name}-{suffix}")

    def latencies_s(self, count: int) -> list[float]:
        """Return the seconds from the item's write to the first line of the task, one item at a time."""
        samples = []
        for number in range(_WARM_UPS + count):
            client(self._stack.config, "dynamodb").put_item(
                TableName=self._name, Item={"pk": {"S": str(number)}}
            )
            started_s = time.time()
            logged_s = _wait_for_entry(self._log, number)
            if number >= _WARM_UPS:
                samples.append(logged_s - started_s)
        return samples


def _wait_for_entry(log: Path, number: int) -> float:
    """Return the time of an entry (`number seconds`), once a function has written it.

    Raises:
        TimeoutError: there is no such entry after 30 s.
    """
    deadline_s = time.monotonic() + 30
    while time.monotonic() < deadline_s:
        if log.exists():
            for line in log.read_text().splitlines():
                entry, logged_s = line.split()
                if entry == str(number):
                    return float(logged_s)
        time.sleep(0.002)
    raise TimeoutError(f"message {number} has not arrived")
