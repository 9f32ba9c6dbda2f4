"""What a deployment needs before the emulator may evaluate IAM: what it has otherwise than AWS."""

from __future__ import annotations

import json
from typing import Any

_POLICIES = ("AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy")


def for_the_evaluator(template: dict[str, Any]) -> dict[str, Any]:
    """The template as the emulator can evaluate it; what functions may do stays as it is.

    It speaks plain http, so what insists on TLS would deny everybody; a secret's `Ref` is its name there, on
    AWS its ARN; and it knows no encryption contexts, which the template's own tests look after.
    """
    resources = {name: each for name, each in template["Resources"].items() if not _insists_on_tls(each)}
    secrets = [name for name, each in resources.items() if each["Type"] == "AWS::SecretsManager::Secret"]
    for name, each in resources.items():
        resources[name] = _policy(_without_gone(each, resources), secrets)
    return template | {"Resources": resources}


def _insists_on_tls(resource: dict[str, Any]) -> bool:
    if resource["Type"] not in _POLICIES:
        return False
    statements = resource["Properties"]["PolicyDocument"]["Statement"]
    return all("aws:SecureTransport" in json.dumps(each.get("Condition", {})) for each in statements)


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
    return found
