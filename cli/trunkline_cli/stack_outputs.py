"""The outputs of a deployment's stack: the names and addresses of its resources."""

from __future__ import annotations

import boto3

from trunkline.core.errors import NotFound


class StackOutputs(dict[str, str]):
    """The outputs of a stack; a stack that is being created, or is older, may lack some."""

    def __missing__(self, name: str) -> str:
        raise NotFound(f"the stack has no output {name}: its deployment has not ended, or is older")


def stack_outputs(stage: str) -> dict[str, str]:
    """Return the CloudFormation outputs of a stage's stack.

    Raises:
        NotFound: the account and region have no such stack.
    """
    cloudformation = boto3.client("cloudformation")
    try:
        stack = cloudformation.describe_stacks(StackName=f"trunkline-{stage}")["Stacks"][0]
    except IndexError as error:
        raise NotFound(f"stack trunkline-{stage} not found in this account and region") from error
    except cloudformation.exceptions.ClientError as error:
        reason = error.response["Error"].get("Message", "")
        raise NotFound(f"stack trunkline-{stage} not found in this account and region: {reason}") from error
    return StackOutputs({output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])})
