"""Adaptation of the template's policies for an emulator that evaluates IAM, where it differs from AWS."""

from __future__ import annotations

import json
from typing import Any

_RESOURCE_POLICY_TYPES = ("AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy")


def adapt_for_emulator(template: dict[str, Any]) -> dict[str, Any]:
    """Return the template with policies that the emulator can evaluate; roles keep their permissions.

    The emulator differs from AWS in five ways: it serves plain HTTP, so a policy that requires TLS would deny
    every request; a secret's `Ref` is its name instead of its ARN; it has no encryption contexts; it
    evaluates every schedule as one of the default group; and it asks for an action `sqs:SendMessageBatch`,
    where AWS asks for `sqs:SendMessage`. The template's own tests check what is removed here. Source:
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html
    """
    adapted = {name: _without_tls(resource) for name, resource in template["Resources"].items()}
    resources = {name: resource for name, resource in adapted.items() if resource}
    secrets = [
        name for name, resource in resources.items() if resource["Type"] == "AWS::SecretsManager::Secret"
    ]
    for name, resource in resources.items():
        resources[name] = _adapt_role_policy(_without_dangling_dependencies(resource, resources), secrets)
    return template | {"Resources": resources}


def _without_tls(resource: dict[str, Any]) -> dict[str, Any] | None:
    """Remove the statements that require TLS; return None for a policy that has no others."""
    if resource["Type"] not in _RESOURCE_POLICY_TYPES:
        return resource
    adapted: dict[str, Any] = json.loads(json.dumps(resource))
    document = adapted["Properties"]["PolicyDocument"]
    document["Statement"] = [
        statement
        for statement in document["Statement"]
        if "aws:SecureTransport" not in json.dumps(statement.get("Condition", {}))
    ]
    return adapted if document["Statement"] else None


def _without_dangling_dependencies(resource: dict[str, Any], resources: dict[str, Any]) -> dict[str, Any]:
    depends_on = resource.get("DependsOn", [])
    names = [depends_on] if isinstance(depends_on, str) else depends_on
    existing = [name for name in names if name in resources]
    return resource | ({"DependsOn": existing} if depends_on else {})


def _adapt_role_policy(resource: dict[str, Any], secrets: list[str]) -> dict[str, Any]:
    if resource["Type"] != "AWS::IAM::Policy":
        return resource
    text = json.dumps(resource)
    for name in secrets:
        arn = f"arn:aws:secretsmanager:${{AWS::Region}}:${{AWS::AccountId}}:secret:${{{name}}}-*"
        text = text.replace(json.dumps({"Ref": name}), json.dumps({"Fn::Sub": arn}))
    adapted: dict[str, Any] = json.loads(text)
    for statement in adapted["Properties"]["PolicyDocument"]["Statement"]:
        if "kms:EncryptionContext" in json.dumps(statement.get("Condition", {})):
            del statement["Condition"]
        if "scheduler:GetSchedule" in statement["Action"]:
            statement["Resource"] = "arn:aws:scheduler:*:*:schedule/default/*"
        if "sqs:SendMessage" in statement["Action"]:
            actions = statement["Action"]
            given = [actions] if isinstance(actions, str) else actions
            statement["Action"] = [*given, "sqs:SendMessageBatch"]
    return adapted
