"""What a deployment needs before the emulator may evaluate IAM: what it has otherwise than AWS."""

from __future__ import annotations

import json
from typing import Any

_POLICIES = ("AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy")


def for_the_evaluator(template: dict[str, Any]) -> dict[str, Any]:
    """The template as the emulator can evaluate it; what functions may do stays as it is.

    It speaks plain http, so what insists on TLS would deny everybody; a secret's `Ref` is its name there, on
    AWS its ARN; it knows no encryption contexts, and takes every schedule for one of the default group, which
    the template's own tests look after.
    """
    open_to_http = {name: _without_tls(each) for name, each in template["Resources"].items()}
    resources = {name: each for name, each in open_to_http.items() if each}
    secrets = [name for name, each in resources.items() if each["Type"] == "AWS::SecretsManager::Secret"]
    for name, each in resources.items():
        resources[name] = _policy(_without_gone(each, resources), secrets)
    return template | {"Resources": resources}


def _without_tls(resource: dict[str, Any]) -> dict[str, Any] | None:
    """A resource's policy without what insists on TLS; None if it says nothing else."""
    if resource["Type"] not in _POLICIES:
        return resource
    found: dict[str, Any] = json.loads(json.dumps(resource))
    document = found["Properties"]["PolicyDocument"]
    document["Statement"] = [
        each
        for each in document["Statement"]
        if "aws:SecureTransport" not in json.dumps(each.get("Condition", {}))
    ]
    return found if document["Statement"] else None


def _without_gone(resource: dict[str, Any], resources: dict[str, Any]) -> dict[str, Any]:
    needs = resource.get("DependsOn", [])
    kept = [each for each in ([needs] if isinstance(needs, str) else needs) if each in resources]
    return resource | ({"DependsOn": kept} if needs else {})


def _policy(resource: dict[str, Any], secrets: list[str]) -> dict[str, Any]:
    if resource["Type"] != "AWS::IAM::Policy":
        return resource
    text = json.dumps(resource)
    for name in secrets:
        arn = f"arn:aws:secretsmanager:${{AWS::Region}}:${{AWS::AccountId}}:secret:${{{name}}}-*"
        text = text.replace(json.dumps({"Ref": name}), json.dumps({"Fn::Sub": arn}))
    found: dict[str, Any] = json.loads(text)
    for statement in found["Properties"]["PolicyDocument"]["Statement"]:
        if "kms:EncryptionContext" in json.dumps(statement.get("Condition", {})):
            del statement["Condition"]
        if "scheduler:GetSchedule" in statement["Action"]:
            statement["Resource"] = "arn:aws:scheduler:*:*:schedule/default/*"
    return found
