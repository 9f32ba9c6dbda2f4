"""A Pipe from a Kafka topic to Trunkline's bus, as a stack of its own.

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
    """What a record becomes: the bus's rule finds the trigger by its id, and that its event in the rest.

    Pipes puts in the record's own values; `<$.value>` is the message, which must be JSON.
    """
    event_id = "<$.topic>-<$.partition>-<$.offset>"
    return f'{{"trunkline_trigger_id": {json.dumps(trigger_id)}, "id": "{event_id}", "data": <$.value>}}'


class KafkaPipe(cdk.Stack):
    """The Pipe, and a role that may read the credentials and put events on the one bus."""

    def __init__(self, scope: Construct, stage: str, settings: dict[str, str]) -> None:
        super().__init__(scope, f"trunkline-{stage}-kafka")
        bus_arn = self.format_arn(service="events", resource="event-bus", resource_name=f"trunkline-{stage}")
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("pipes.amazonaws.com"))
        role.add_to_policy(iam.PolicyStatement(actions=["events:PutEvents"], resources=[bus_arn]))
        arn = settings["credentials_arn"]
        secretsmanager.Secret.from_secret_complete_arn(self, "Credentials", arn).grant_read(role)
        role.add_to_policy(iam.PolicyStatement(actions=_NETWORK, resources=["*"]))
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


# What a Pipe in a VPC needs (the same page): these actions know no resources.
_NETWORK = [
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
]

if __name__ == "__main__":
    app = cdk.App()
    told = {name: app.node.try_get_context(name) for name in SETTINGS}
    if missing := [name for name, value in told.items() if not value]:
        raise SystemExit(f"Say what these are, with -c name=value: {', '.join(missing)}")
    KafkaPipe(app, app.node.try_get_context("stage") or "dev", told)
    app.synth()
