"""What becomes of data when a stack goes."""

from __future__ import annotations

from aws_cdk import RemovalPolicy

from infrastructure.settings import StageSettings


def removal_policy(settings: StageSettings) -> RemovalPolicy:
    """Return the policy of everything that holds data.

    Data that is kept outlives the stack and its own replacement. A creation that fails leaves nothing:
    otherwise the second try would make everything anew beside it. Source:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
    """
    return RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if settings.keep_data else RemovalPolicy.DESTROY
