"""What the template says of schedules: who keeps them, and what their own role may do."""

from __future__ import annotations

import json
from typing import Any

from tests.infrastructure.templates import FUNCTIONS, actions_in, actions_of, resources, statements_of


def test_schedules_are_kept_in_their_group_alone_and_send_ticks_alone(template: dict[str, Any]) -> None:
    keepers = [each for each in FUNCTIONS if any("scheduler:" in name for name in actions_of(template, each))]
    assert keepers == ["api", "reconciler"]
    for package in keepers:
        statements = statements_of(template, package)
        kept = [each for each in statements if any("scheduler:" in name for name in actions_in(each))]
        assert all(":schedule/" in json.dumps(each["Resource"]) for each in kept)
        (passes,) = (each for each in statements if "iam:PassRole" in actions_in(each))
        assert passes["Condition"]["StringEquals"]["iam:PassedToService"] == "scheduler.amazonaws.com"
    roles = [
        each for each in resources(template, "AWS::IAM::Role").values() if "scheduler" in json.dumps(each)
    ]
    trust = roles[0]["AssumeRolePolicyDocument"]["Statement"][0]
    assert (len(roles), "aws:SourceAccount" in json.dumps(trust["Condition"])) == (1, True)
    policies = [
        each
        for each in resources(template, "AWS::IAM::Policy").values()
        if each["PolicyName"].startswith("SchedulesRole")
    ]
    allowed = [each["Action"] for each in policies[0]["PolicyDocument"]["Statement"]]
    assert allowed == ["sqs:SendMessage", ["kms:Decrypt", "kms:GenerateDataKey"]]


def test_ticks_are_tried_again_and_put_aside(template: dict[str, Any]) -> None:
    queues = resources(template, "AWS::SQS::Queue")
    ticks = next(each for name, each in queues.items() if name.startswith("SchedulesTicks"))
    assert ticks["VisibilityTimeout"] * ticks["RedrivePolicy"]["maxReceiveCount"] == 3600
    letters = next(each for name, each in queues.items() if name.startswith("SchedulesDeadLetters"))
    assert letters["MessageRetentionPeriod"] == 14 * 86_400
    sources = resources(template, "AWS::Lambda::EventSourceMapping").values()
    source = next(each for each in sources if "SchedulesTicks" in json.dumps(each["EventSourceArn"]))
    assert source["BatchSize"] == 1
    assert 2 <= source["ScalingConfig"]["MaximumConcurrency"] <= 5
