"""What Trunkline is measured beside: bare functions on the same emulator, and the raw AWS calls."""

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

_CONSTANT = "def handle(event, context):\n    print('ok')\n    return {'statusCode': 201, 'body': '{}'}\n"
_CLOCK = (
    "import time\n"
    "def handle(event, context):\n"
    "    now = time.time()\n"
    "    for record in event['Records']:\n"
    "        open({path!r}, 'a').write(record['body'] + ' ' + repr(now) + chr(10))\n"
    "    print('ok')\n"
)
_STARTER = (
    "import boto3, json\n"
    "client = boto3.client('stepfunctions')\n"
    "def handle(event, context):\n"
    "    for record in event['Records']:\n"
    "        name = record['dynamodb']['Keys']['pk']['S']\n"
    "        text = json.dumps({{'n': name}})\n"
    "        client.start_execution(stateMachineArn={machine!r}, name=name, input=text)\n"
    "    print('ok')\n"
)
_TELLER = (
    "import time\n"
    "def handle(event, context):\n"
    "    open({path!r}, 'a').write(event['n'] + ' ' + repr(time.time()) + chr(10))\n"
    "    print('ok')\n"
    "    return {{}}\n"
)
_FANOUT = "trunkline-local-event-fanout"
_ROLE = "arn:aws:iam::000000000000:role/bench"


def _function(stack: Stack, name: str, source: str, layers: Sequence[str] = ()) -> str:
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("bare.py", source)
    answer = client(stack.config, "lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=_ROLE,
        Handler="bare.handle",
        Code={"ZipFile": zipped.getvalue()},
        Timeout=30,
        Layers=list(layers),
    )
    return str(answer["FunctionArn"])


@contextmanager
def constant_route(stack: Stack) -> Iterator[str]:
    """A constant function behind the same HTTP API; yields its path."""
    api = client(stack.config, "apigatewayv2")
    arn = _function(stack, "bench-constant", _CONSTANT)
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


def queue_to_function(stack: Stack, count: int) -> list[float]:
    """Seconds from SendMessage's start to the function's first line, one at a time."""
    sqs, lambda_ = client(stack.config, "sqs"), client(stack.config, "lambda")
    heard: Path = stack.config.folder / "bench-clock.txt"
    heard.unlink(missing_ok=True)
    url = sqs.create_queue(QueueName="bench-clock")["QueueUrl"]
    queue_arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    _function(stack, "bench-clock", _CLOCK.format(path=str(heard)))
    mapping = lambda_.create_event_source_mapping(
        EventSourceArn=queue_arn, FunctionName="bench-clock", BatchSize=1, Enabled=True
    )
    samples = []
    for number in range(count + 2):
        began_s = time.time()
        sqs.send_message(QueueUrl=url, MessageBody=str(number))
        at_s = _wait_for(heard, number)
        if number >= 2:
            samples.append(at_s - began_s)
    lambda_.delete_event_source_mapping(UUID=mapping["UUID"])
    lambda_.delete_function(FunctionName="bench-clock")
    return samples


class StreamToFunction:
    """A table's stream, a function that starts an execution, and a function that notes when it ran."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._name = f"bench-{uuid.uuid4().hex[:8]}"
        self._heard: Path = stack.config.folder / f"{self._name}.txt"

    def __enter__(self) -> StreamToFunction:
        config, name = self._stack.config, self._name
        dynamodb: Any = client(config, "dynamodb")
        made = dynamodb.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )
        teller = _function(self._stack, f"{name}-teller", _TELLER.format(path=str(self._heard)))
        step = {"Type": "Task", "Resource": teller, "End": True}
        sfn: Any = client(config, "stepfunctions")
        machine = sfn.create_state_machine(
            name=name, roleArn=_ROLE, definition=json.dumps({"StartAt": "Tell", "States": {"Tell": step}})
        )["stateMachineArn"]
        ours = client(config, "lambda").get_function_configuration(FunctionName=_FANOUT)
        layers = [layer["Arn"] for layer in ours["Layers"]]
        _function(self._stack, f"{name}-starter", _STARTER.format(machine=machine), layers)
        self._mapping = client(config, "lambda").create_event_source_mapping(
            EventSourceArn=made["TableDescription"]["LatestStreamArn"],
            FunctionName=f"{name}-starter",
            StartingPosition="TRIM_HORIZON",
            BatchSize=25,
        )["UUID"]
        return self

    def __exit__(self, *_: object) -> None:
        lambda_ = client(self._stack.config, "lambda")
        lambda_.delete_event_source_mapping(UUID=self._mapping)
        for each in ("teller", "starter"):
            lambda_.delete_function(FunctionName=f"{self._name}-{each}")

    def samples(self, count: int) -> list[float]:
        """Seconds from the item in the table to the second function's first line, one at a time."""
        found = []
        for number in range(count + 2):
            client(self._stack.config, "dynamodb").put_item(
                TableName=self._name, Item={"pk": {"S": str(number)}}
            )
            began_s = time.time()
            at_s = _wait_for(self._heard, number)
            if number >= 2:
                found.append(at_s - began_s)
        return found


def _wait_for(heard: Path, number: int) -> float:
    deadline_s = time.monotonic() + 30
    while time.monotonic() < deadline_s:
        if heard.exists():
            for line in heard.read_text().splitlines():
                body, at_s = line.split()
                if body == str(number):
                    return float(at_s)
        time.sleep(0.002)
    raise TimeoutError(f"message {number} was not heard")
