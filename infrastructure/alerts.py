"""Notifications: the topic that operators subscribe to, and the alarms that publish to it."""

from __future__ import annotations

from typing import cast

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infrastructure.settings import StageSettings


class AlertTopic(Construct):
    """The topic of alarms and of webhooks that were disabled; by mail or https, if the settings say so."""

    def __init__(self, scope: Construct, name: str, key: kms.IKey, settings: StageSettings) -> None:
        super().__init__(scope, name)
        self.topic = sns.Topic(self, "Topic", master_key=key, enforce_ssl=True)
        self._admit_cloudwatch(key)
        if settings.alarm_email != "none":
            self.topic.add_subscription(subscriptions.EmailSubscription(settings.alarm_email))
        if settings.alarm_https_url != "none":
            self.topic.add_subscription(subscriptions.UrlSubscription(settings.alarm_https_url))

    def publish_every_alarm(self) -> None:
        """Have each alarm of the stack publish when it goes off and when it is over."""
        action = actions.SnsAction(cast("sns.ITopic", self.topic))
        for node in Stack.of(self).node.find_all():
            if isinstance(node, cloudwatch.Alarm):
                node.add_alarm_action(action)
                node.add_ok_action(action)

    def _admit_cloudwatch(self, key: kms.IKey) -> None:
        """Let this stack's alarms publish, and use the key for it; without the latter no message comes.

        Sources:
        https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services,
        https://repost.aws/knowledge-center/cloudwatch-configure-alarm-sns
        """
        stack = Stack.of(self)
        alarms = stack.format_arn(
            service="cloudwatch",
            resource="alarm",
            resource_name=f"{stack.stack_name}-*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        conditions = {
            "StringEquals": {"aws:SourceAccount": stack.account},
            "ArnLike": {"aws:SourceArn": alarms},
        }
        principal = iam.ServicePrincipal("cloudwatch.amazonaws.com", conditions=conditions)
        self.topic.grant_publish(principal)
        key.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[principal], actions=["kms:Decrypt", "kms:GenerateDataKey*"], resources=["*"]
            )
        )
