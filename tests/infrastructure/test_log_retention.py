"""How long logs are kept."""

from __future__ import annotations

from typing import get_args

import aws_cdk as cdk
from aws_cdk import aws_logs as logs
from aws_cdk.assertions import Template

from infrastructure.python_function import RETENTION
from infrastructure.settings import LogRetentionDays
from tests.infrastructure.templates import resources


def test_every_choice_of_cloudwatch_is_a_retention_of_the_same_days() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    for days, retention in RETENTION.items():
        logs.LogGroup(stack, f"Group{days}", retention=retention)
    groups = resources(dict(Template.from_stack(stack).to_json()), "AWS::Logs::LogGroup").values()
    assert [each["RetentionInDays"] for each in groups] == list(get_args(LogRetentionDays))
