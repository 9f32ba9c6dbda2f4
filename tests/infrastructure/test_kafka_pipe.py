"""The example of a Pipe from Kafka: what it reads, and what it may do."""

from __future__ import annotations

import json

import aws_cdk as cdk
from aws_cdk.assertions import Template

from tests.support.kafka_pipe import pipe_module


def test_the_pipe_reads_one_topic_and_may_put_events_on_one_bus_alone() -> None:
    module, app = pipe_module(), cdk.App()
    settings = dict.fromkeys(module.SETTINGS, "x") | {
        "bootstrap_servers": "a:9096,b:9096",
        "credentials_arn": "arn:aws:secretsmanager:eu-central-1:1:secret:kafka-AbCdEf",
        "subnets": "s-1,s-2",
        "trigger_id": "trg_1",
    }
    template = Template.from_stack(module.KafkaPipe(app, "dev", settings)).to_json()
    pipe = next(each for each in template["Resources"].values() if each["Type"] == "AWS::Pipes::Pipe")
    properties = pipe["Properties"]
    assert properties["Source"] == "smk://a:9096"
    assert "event-bus/trunkline-dev" in json.dumps(properties["Target"])
    assert "trg_1" in properties["TargetParameters"]["InputTemplate"]
    policy = next(each for each in template["Resources"].values() if each["Type"] == "AWS::IAM::Policy")
    put = [
        each
        for each in policy["Properties"]["PolicyDocument"]["Statement"]
        if each["Action"] == "events:PutEvents"
    ]
    assert len(put) == 1
    assert "event-bus/trunkline-dev" in json.dumps(put[0]["Resource"])
