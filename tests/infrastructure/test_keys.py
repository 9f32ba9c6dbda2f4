"""Who may use the stage's keys, and how: a simulator evaluates what the emulator cannot."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from tests.infrastructure.policy_simulator import is_allowed, role_is_allowed, via
from tests.infrastructure.templates import (
    FUNCTIONS,
    actions_in,
    names_in,
    resources,
    statements_of_role,
)
from trunkline.storage import encryption

PURPOSES = {
    "people": encryption.PERSONAL_DATA,
    "webhooks": encryption.WEBHOOKS,
    "responses": encryption.RESPONSES,
    "tools": encryption.TOOLS,
    "triggers": encryption.TRIGGERS,
    "templates": encryption.TEMPLATES,
}
ENCRYPT, DECRYPT = "kms:GenerateDataKey", "kms:Decrypt"
MAY = {
    "api": {ENCRYPT: set(PURPOSES), DECRYPT: {"responses", "tools", "triggers", "templates"}},
    "agent-api": {ENCRYPT: {"people"}, DECRYPT: {"people", "tools"}},
    "batches": {ENCRYPT: {"people"}, DECRYPT: {"templates"}},
    "webhook-deliver": {ENCRYPT: set(), DECRYPT: {"webhooks"}},
}
"""What each function encrypts and reads; every other function does neither."""

SERVICES = ("dynamodb", "sqs", "secretsmanager", "s3", "sns")
NEEDS = {
    "dynamodb:PutItem": ("dynamodb", (ENCRYPT, DECRYPT)),
    "dynamodb:GetRecords": ("dynamodb", (DECRYPT,)),
    "sqs:SendMessage": ("sqs", (ENCRYPT, DECRYPT)),
    "sqs:ReceiveMessage": ("sqs", (DECRYPT,)),
    "sns:Publish": ("sns", (ENCRYPT, DECRYPT)),
    "s3:PutObject": ("s3", (ENCRYPT, DECRYPT)),
    "s3:GetObject": ("s3", (DECRYPT,)),
    "secretsmanager:CreateSecret": ("secretsmanager", (ENCRYPT, DECRYPT)),
    "secretsmanager:GetSecretValue": ("secretsmanager", (DECRYPT,)),
}
"""What an action on a resource under the data key needs of it, and by way of which service."""


def key_named(template: dict[str, Any], part: str) -> str:
    (name,) = (name for name in resources(template, "AWS::KMS::Key") if part in name)
    return name


@pytest.mark.parametrize("package", FUNCTIONS)
def test_a_function_uses_the_context_key_for_its_own_purposes_alone(
    template: dict[str, Any], package: str
) -> None:
    key = key_named(template, "ContextKey")
    for action, (name, purpose) in itertools.product((ENCRYPT, DECRYPT), PURPOSES.items()):
        context = encryption.EncryptionContext(purpose, "tenant", "call", "id").context
        keyed = {f"kms:EncryptionContext:{part}": value for part, value in context.items()}
        allowed = is_allowed(template, package, action, key, keyed)
        assert allowed == (name in MAY.get(package, {}).get(action, set())), (action, name)


@pytest.mark.parametrize("package", FUNCTIONS)
def test_nobody_uses_the_context_key_without_a_known_purpose(template: dict[str, Any], package: str) -> None:
    key, named = key_named(template, "ContextKey"), "kms:EncryptionContext:purpose"
    contexts: list[dict[str, str]] = [{}, {named: ""}, {named: "trunkline-other"}, {named: "*"}]
    contexts += [{"kms:EncryptionContext:tenant_id": purpose} for purpose in PURPOSES.values()]
    contexts += [dict(via(service)) for service in SERVICES]
    for action, context in itertools.product((ENCRYPT, DECRYPT, "kms:Encrypt", "kms:ReEncryptTo"), contexts):
        assert not is_allowed(template, package, action, key, context), (action, context)


@pytest.mark.parametrize("package", FUNCTIONS)
def test_the_data_key_encrypts_by_way_of_services_alone(template: dict[str, Any], package: str) -> None:
    """A role that may encrypt under the key directly could write what others take for the service's."""
    key = key_named(template, "DataKey")
    for action in ("kms:Encrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo"):
        assert is_allowed(template, package, action, key, via("dynamodb"))
        for context in ({}, *(via(service) for service in SERVICES if service != "dynamodb")):
            assert not is_allowed(template, package, action, key, context), (action, context)
    assert not is_allowed(template, package, ENCRYPT, key, {})
    assert not is_allowed(template, package, ENCRYPT, key, via("lambda"))


def key_users(template: dict[str, Any]) -> set[str]:
    """The logical ids of all roles with a policy: functions', Scheduler's, state machines'."""
    policies = resources(template, "AWS::IAM::Policy").values()
    return {role["Ref"] for each in policies for role in each["Roles"]}


def test_whoever_may_use_a_service_may_use_the_key_by_way_of_it(template: dict[str, Any]) -> None:
    """Else the first message, secret or file fails in a real account, and nowhere before."""
    key = key_named(template, "DataKey")
    for role in key_users(template):
        for statement in statements_of_role(template, role):
            named = names_in(statement["Resource"]) & set(template["Resources"])
            under_key = [name for name in named if key in names_in(template["Resources"][name])]
            for needed in actions_in(statement) & set(NEEDS) if under_key or not named else ():
                service, used = NEEDS[needed]
                for action in used:
                    assert role_is_allowed(template, role, action, key, via(service)), (role, needed, action)


def test_nobody_uses_the_data_key_but_by_way_of_a_service(template: dict[str, Any]) -> None:
    """A role that may decrypt in requests to KMS itself could read what it was only meant to have read."""
    key = key_named(template, "DataKey")
    for role, action in itertools.product(key_users(template), ("kms:Decrypt", ENCRYPT, "kms:DescribeKey")):
        for context in ({}, via("lambda"), via("scheduler"), via("states")):
            assert not role_is_allowed(template, role, action, key, context), (role, action, context)


def test_the_name_of_a_service_is_the_same_in_every_partition(template: dict[str, Any]) -> None:
    """KMS calls DynamoDB `dynamodb.cn-north-1.amazonaws.com` where its address ends in `amazonaws.com.cn`.
    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service"""
    conditions = [
        json.dumps(statement["Condition"])
        for role in key_users(template)
        for statement in statements_of_role(template, role)
        if "kms:ViaService" in json.dumps(statement.get("Condition", {}))
    ]
    assert conditions
    assert not [each for each in conditions if "AWS::URLSuffix" in each]


def test_the_access_log_is_named_as_vended_logs_are(template: dict[str, Any]) -> None:
    """A log that a service of AWS delivers needs the prefix, or the account's resource policy outgrows its
    5,120 characters: https://docs.aws.amazon.com/step-functions/latest/dg/bp-cwl.html"""
    stages = resources(template, "AWS::ApiGatewayV2::Stage").values()
    machines = resources(template, "AWS::StepFunctions::StateMachine").values()
    delivered = [each["AccessLogSettings"]["DestinationArn"] for each in stages]
    delivered += [each["LoggingConfiguration"]["Destinations"] for each in machines]
    groups = resources(template, "AWS::Logs::LogGroup")
    for destination in delivered:
        (group,) = names_in(destination)
        assert groups[group]["LogGroupName"].startswith("/aws/vendedlogs/")
