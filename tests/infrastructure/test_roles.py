"""The table of rights in `docs/security.md`, evaluated over the template: no other role has them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.infrastructure.policy_simulator import role_is_allowed
from tests.infrastructure.templates import actions_in, names_in, resources, statements_of_role

PAGE = Path(__file__).parents[2] / "docs" / "security.md"
HEADING = "### Who may do what"
KINDS = {
    "dynamodb": "AWS::DynamoDB::Table",
    "events": "AWS::Events::EventBus",
    "iam": "AWS::IAM::Role",
    "kms": "AWS::KMS::Key",
    "lambda": "AWS::Lambda::Alias",
    "s3": "AWS::S3::Bucket",
    "scheduler": "AWS::Scheduler::ScheduleGroup",
    "secretsmanager": "AWS::SecretsManager::Secret",
    "sns": "AWS::SNS::Topic",
    "sqs": "AWS::SQS::Queue",
    "states": "AWS::StepFunctions::StateMachine",
}
TENANTS_SECRETS = "livekit/*"
ANY = "*"
MANAGED = {"ApiShiftGroup": ["AWSCodeDeployRoleForLambdaLimited"]}
"""Roles under a policy of AWS alone: only `prod` shifts traffic."""

SERVICE_KEY = "DataKey"
"""Every role uses it by way of services: `test_keys` evaluates how."""

NEVER = (
    "dynamodb:Scan",
    "dynamodb:DeleteTable",
    "dynamodb:UpdateTable",
    "dynamodb:ExportTableToPointInTime",
    "iam:CreateRole",
    "iam:PutRolePolicy",
    "iam:AttachRolePolicy",
    "iam:UpdateAssumeRolePolicy",
    "kms:CreateGrant",
    "kms:DisableKey",
    "kms:PutKeyPolicy",
    "kms:ScheduleKeyDeletion",
    "lambda:AddPermission",
    "lambda:GetFunction",
    "lambda:InvokeFunctionUrl",
    "lambda:UpdateAlias",
    "lambda:UpdateFunctionCode",
    "lambda:UpdateFunctionConfiguration",
    "logs:DeleteLogGroup",
    "logs:FilterLogEvents",
    "logs:GetLogEvents",
    "logs:StartQuery",
    "s3:DeleteBucket",
    "s3:PutBucketPolicy",
    "secretsmanager:ListSecrets",
    "secretsmanager:PutResourcePolicy",
    "sns:Subscribe",
    "sqs:AddPermission",
    "sqs:PurgeQueue",
    "sqs:SetQueueAttributes",
    "states:UpdateStateMachine",
    "sts:AssumeRole",
)


@dataclass(frozen=True)
class Right:
    """A row: actions on a resource (for the context key, with a purpose), and the roles that have them."""

    actions: tuple[str, ...]
    resource: str
    purpose: str
    roles: frozenset[str]

    @property
    def context(self) -> dict[str, str]:
        """The best request that could be made: IAM's own conditions hold in it."""
        return {
            "iam:PassedToService": "scheduler.amazonaws.com",
            "kms:EncryptionContext:purpose": self.purpose,
        }


def rights() -> list[Right]:
    """Read the table."""
    found = []
    section = PAGE.read_text().split(f"{HEADING}\n")[1].split("\n#")[0]
    for _, actions, on, who in re.findall(
        r"^\| (.+?) \| (`.+?) \| (.+?) \| (.+?) \|$", section, re.MULTILINE
    ):
        resource, purpose = (*_codes(on), "")[:2]
        found.append(Right(tuple(_codes(actions)), resource, purpose, frozenset(_codes(who))))
    return found


def _codes(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


RIGHTS = rights()


def short(logical_id: str) -> str:
    """A logical id without the hash that the CDK adds."""
    return re.sub(r"[0-9A-F]{8}$", "", logical_id)


def roles(template: dict[str, Any]) -> dict[str, str]:
    """The name of each role, by its logical id: that of its function, or its own."""
    functions = resources(template, "AWS::Lambda::Function").values()
    named = {each["Role"]["Fn::GetAtt"][0]: str(each["FunctionName"]).split("-", 2)[2] for each in functions}
    others = [each for each in resources(template, "AWS::IAM::Role") if each not in named]
    return named | {each: re.sub(r"(Service)?Role$", "", short(each)) for each in others}


def resource_named(template: dict[str, Any], service: str, name: str) -> str:
    """The logical id of a row's resource; raises if the template has none, or several."""
    if name in (ANY, TENANTS_SECRETS):
        return name
    (found,) = (each for each in resources(template, KINDS[service]) if short(each) == name)
    return found


def evaluated(template: dict[str, Any], action: str, resource: str, context: dict[str, str]) -> set[str]:
    """The names of all roles that may take an action on a resource."""
    return {
        name
        for role, name in roles(template).items()
        if name not in MANAGED and role_is_allowed(template, role, action, resource, context)
    }


@pytest.mark.parametrize("right", RIGHTS, ids=lambda right: f"{right.actions[0]} {right.resource}")
def test_the_roles_of_the_table_have_a_right_and_no_others(template: dict[str, Any], right: Right) -> None:
    for action in right.actions:
        resource = resource_named(template, action.split(":")[0], right.resource)
        assert evaluated(template, action, resource, right.context) == right.roles, action


def granted(template: dict[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """Each role, action, resource and purpose of a policy, but writing logs and the key of services."""
    for role, name in roles(template).items():
        for statement in [] if name in MANAGED else statements_of_role(template, role):
            purpose = (
                statement.get("Condition", {})
                .get("StringEquals", {})
                .get("kms:EncryptionContext:purpose", "")
            )
            targets = statement["Resource"]
            for target in targets if isinstance(targets, list) else [targets]:
                on = _name_of(target, template)
                for action in actions_in(statement):
                    if not action.startswith("logs:") and on != SERVICE_KEY:
                        yield name, action, on, purpose


def _name_of(target: Any, template: dict[str, Any]) -> str:
    named = names_in(target) & set(template["Resources"])
    if named:
        return short(min(named))
    return ANY if target == "*" else TENANTS_SECRETS


def test_every_right_that_a_policy_gives_is_in_the_table(template: dict[str, Any]) -> None:
    listed = {
        (role, action, right.resource, right.purpose)
        for right in RIGHTS
        for role in right.roles
        for action in right.actions
    }
    assert set(granted(template)) - listed == set(), "add a row to docs/security.md, or take the right away"


@pytest.mark.parametrize("action", NEVER)
def test_no_role_may(template: dict[str, Any], action: str) -> None:
    service = action.split(":", maxsplit=1)[0]
    kinds = {KINDS.get(service), "AWS::Logs::LogGroup" if service == "logs" else None}
    targets = [name for name, each in template["Resources"].items() if each["Type"] in kinds] + [ANY]
    for target in targets:
        assert evaluated(template, action, target, {}) == set(), target


def test_no_policy_has_a_wildcard_in_an_action(template: dict[str, Any]) -> None:
    actions = {
        action
        for role, name in roles(template).items()
        if name not in MANAGED
        for statement in statements_of_role(template, role)
        for action in actions_in(statement)
    }
    assert {action for action in actions if "*" in action} == set()


def test_only_the_traffic_shift_has_a_policy_of_aws(template: dict[str, Any]) -> None:
    names = roles(template)
    managed = {
        names[role]: [str(arn).split("/")[-1].rstrip("]}'") for arn in properties["ManagedPolicyArns"]]
        for role, properties in resources(template, "AWS::IAM::Role").items()
        if "ManagedPolicyArns" in properties
    }
    assert managed == {name: policies for name, policies in MANAGED.items() if name in names.values()}


def test_a_role_is_assumed_by_one_service_alone(template: dict[str, Any]) -> None:
    for role, properties in resources(template, "AWS::IAM::Role").items():
        (statement,) = properties["AssumeRolePolicyDocument"]["Statement"]
        assert list(statement["Principal"]) == ["Service"], role
        assert isinstance(statement["Principal"]["Service"], str), role
        assert statement["Action"] == "sts:AssumeRole", role


def test_a_resource_admits_nobody_from_outside(template: dict[str, Any]) -> None:
    """Only a service of AWS, for this stack or account, and the account's own identities.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """
    policies = [
        (
            name,
            each.get("Properties", {}).get("PolicyDocument") or each.get("Properties", {}).get("KeyPolicy"),
        )
        for name, each in template["Resources"].items()
        if each["Type"] != "AWS::IAM::Policy"
    ]
    admitted = [
        (name, statement)
        for name, policy in policies
        for statement in (policy or {"Statement": []})["Statement"]
        if statement["Effect"] == "Allow"
    ]
    assert admitted
    for name, statement in admitted:
        if "AWS" in statement["Principal"]:
            root = {
                "Fn::Join": [
                    "",
                    ["arn:", {"Ref": "AWS::Partition"}, ":iam::", {"Ref": "AWS::AccountId"}, ":root"],
                ]
            }
            assert statement["Principal"]["AWS"] == root, name
        else:
            keys = {key for part in statement.get("Condition", {}).values() for key in part}
            assert keys & {"aws:SourceArn", "aws:SourceAccount"}, name
    for name, permission in resources(template, "AWS::Lambda::Permission").items():
        assert permission["SourceArn"], name


def test_the_table_names_a_right_once() -> None:
    seen = [(action, right.resource, right.purpose) for right in RIGHTS for action in right.actions]
    assert len(seen) == len(set(seen))
    assert len(seen) > 50


def test_variables_of_functions_name_secrets_and_hold_none(template: dict[str, Any]) -> None:
    """Whoever may read a function's configuration reads its variables."""
    for each in resources(template, "AWS::Lambda::Function").values():
        variables = each["Environment"]["Variables"]
        assert "{{resolve:" not in str(variables), each["FunctionName"]
        about_secrets = {name for name in variables if re.search("SECRET|PEPPER|TOKEN|PASSWORD", name)}
        assert {name for name in about_secrets if not name.endswith("_ARN")} == set(), each["FunctionName"]
