"""A CDK stack with an EventBridge Pipe from a Kafka topic to Trunkline's event bus.

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-kafka.html
"""

from __future__ import annotations

import json

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_pipes as pipes
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

SETTINGS = ("trigger_id", "topic", "bootstrap_servers", "credentials_arn", "subnets", "security_group")


def input_template(trigger_id: str) -> str:
    """Return the template of an event: the id of the trigger for the rule of the bus, and the record.

    The Pipe replaces `<$.…>` with values of the record; `<$.value>` is the message, which must be JSON.
    """
    event_id = "<$.topic>-<$.partition>-<$.offset>"
    return f'{{"trunkline_trigger_id": {json.dumps(trigger_id)}, "id": "{event_id}", "data": <$.value>}}'


class KafkaPipe(cdk.Stack):
    """The Pipe, with a role that may read the credentials and put events on Trunkline's bus."""

    def __init__(self, scope: Construct, stage: str, settings: dict[str, str]) -> None:
        super().__init__(scope, f"trunkline-{stage}-kafka")
        bus_arn = self.format_arn(service="events", resource="event-bus", resource_name=f"trunkline-{stage}")
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("pipes.amazonaws.com"))
        role.add_to_policy(iam.PolicyStatement(actions=["events:PutEvents"], resources=[bus_arn]))
        arn = settings["credentials_arn"]
        secretsmanager.Secret.from_secret_complete_arn(self, "Credentials", arn).grant_read(role)
        role.add_to_policy(iam.PolicyStatement(actions=_VPC_ACTIONS, resources=["*"]))
        first, *others = settings["bootstrap_servers"].split(",")
        kafka = pipes.CfnPipe.PipeSourceSelfManagedKafkaParametersProperty(
            topic_name=settings["topic"],
            additional_bootstrap_servers=others,
            consumer_group_id=f"trunkline-{stage}",
            starting_position="LATEST",
            credentials=pipes.CfnPipe.SelfManagedKafkaAccessConfigurationCredentialsProperty(
                sasl_scram512_auth=arn
            ),
            vpc=pipes.CfnPipe.SelfManagedKafkaAccessConfigurationVpcProperty(
                subnets=settings["subnets"].split(","), security_group=[settings["security_group"]]
            ),
        )
        pipes.CfnPipe(
            self,
            "Pipe",
            role_arn=role.role_arn,
            source=f"smk://{first}",
            source_parameters=pipes.CfnPipe.PipeSourceParametersProperty(self_managed_kafka_parameters=kafka),
            target=bus_arn,
            target_parameters=pipes.CfnPipe.PipeTargetParametersProperty(
                input_template=input_template(settings["trigger_id"]),
                event_bridge_event_bus_parameters=pipes.CfnPipe.PipeTargetEventBridgeEventBusParametersProperty(
                    source="kafka", detail_type="kafka.record"
                ),
            ),
        )


# Permissions of a Pipe in a VPC (see the page above); EC2 supports no resource-level permissions for them.
_VPC_ACTIONS = [
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
]

if __name__ == "__main__":
    app = cdk.App()
    settings = {name: app.node.try_get_context(name) for name in SETTINGS}
    if missing := [name for name, value in settings.items() if not value]:
        raise SystemExit(f"Missing settings, to be passed as -c name=value: {', '.join(missing)}")
    KafkaPipe(app, app.node.try_get_context("stage") or "dev", settings)
    app.synth()
