"""The one way a state machine is made here: standard, traced, with a log that holds no data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from aws_cdk import Acknowledgment, CfnElement, RemovalPolicy, Stack, Validations
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infrastructure.python_function import Runtime


def state_machine(scope: Construct, name: str, chain: sfn.Chain, runtime: Runtime) -> sfn.StateMachine:
    """Make a state machine in a scope, with the log `<stack>-<name>` beside it.

    CloudFormation names the machine: a deleted one keeps its name while executions still wait, for days.
    https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html
    """
    full_name = f"{Stack.of(scope).stack_name}-{name}"
    log_group = logs.LogGroup(
        scope,
        "Logs",
        # Step Functions wants this prefix: without it the log's resource policy outgrows its bound.
        log_group_name=f"/aws/vendedlogs/states/{full_name}",
        retention=runtime.retention,
        removal_policy=RemovalPolicy.DESTROY,
    )
    return sfn.StateMachine(
        scope,
        "Machine",
        state_machine_type=sfn.StateMachineType.STANDARD,
        definition_body=sfn.DefinitionBody.from_chainable(chain),
        tracing_enabled=True,
        logs=sfn.LogOptions(destination=log_group, level=sfn.LogLevel.ALL, include_execution_data=False),
    )


def suppress_nag(
    machine: sfn.StateMachine, invoked: lambda_.Alias, more: Mapping[str, str] | None = None
) -> None:
    """Say why its role has wildcards: for what every machine needs, and `more` resources."""
    reasons = {
        f"<{logical_id(invoked)}.Arn>:*": "Versions of this one function.",
        "*": "X-Ray and the delivery of logs know no resources.",
    }
    for resource, why in (reasons | dict(more or {})).items():
        found = f"AwsSolutions::AwsSolutions-IAM5[Resource::{resource}]"
        Validations.of(machine).acknowledge(Acknowledgment(id=found, reason=why))


def logical_id(construct: Construct) -> str:
    """What CloudFormation calls a construct's own resource."""
    return Stack.of(construct).get_logical_id(cast("CfnElement", construct.node.default_child))
