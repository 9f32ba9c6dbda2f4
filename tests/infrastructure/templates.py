"""Synthesized templates, and what can be read in them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Template

from infrastructure import assets
from infrastructure.settings import stage_settings
from infrastructure.stack import TrunklineStack

STAGES = ("local", "dev", "prod")
FUNCTIONS = (
    "api",
    "agent-api",
    "dialer",
    "test-dialer",
    "livekit-webhook",
    "reconciler",
    "call-reconciler",
    "event-fanout",
    "webhook-deliver",
    "batches",
    "call-check",
)
WITHOUT_DATA = ("dashboard",)
"""Functions that touch nothing of tenants."""

Properties = dict[str, Any]
CONTEXT: dict[str, Any] = json.loads((assets.ROOT / "cdk.json").read_text())["context"]
"""The feature flags that the CDK's command line sets."""

_VARIABLE = re.compile(r"\$\{(\w+)[.}]")


def synthesize(stage: str, layer: Path) -> dict[str, Any]:
    """Synthesize a stage, with this folder for each layer of wheels: they are not needed to read it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assets, "wheels_layer", lambda *_: layer)
        return dict(
            Template.from_stack(TrunklineStack(cdk.App(context=CONTEXT), stage_settings(stage))).to_json()
        )


def resources(template: dict[str, Any], kind: str) -> dict[str, Properties]:
    """The properties of each resource of a type, by its logical id; raises if there is none."""
    found = {
        name: each.get("Properties", {})
        for name, each in template["Resources"].items()
        if each["Type"] == kind
    }
    assert found, f"the template has no {kind}"
    return found


def function_names(template: dict[str, Any]) -> set[str]:
    """The names of all functions, without the stage."""
    named = resources(template, "AWS::Lambda::Function").values()
    return {str(each["FunctionName"]).split("-", 2)[2] for each in named}


def function(template: dict[str, Any], package: str) -> Properties:
    named = resources(template, "AWS::Lambda::Function").values()
    return next(each for each in named if str(each["FunctionName"]).split("-", 2)[2] == package)


def statements_of(template: dict[str, Any], package: str) -> list[dict[str, Any]]:
    """What the function's role may do; raises if it has no policy."""
    return statements_of_role(template, function(template, package)["Role"]["Fn::GetAtt"][0])


def statements_of_role(template: dict[str, Any], role: str) -> list[dict[str, Any]]:
    """What a role may do, by its logical id; raises if it has no policy."""
    policies = resources(template, "AWS::IAM::Policy").values()
    mine = [each for each in policies if {"Ref": role} in each["Roles"]]
    assert mine, f"{role} has no policy"
    return [statement for each in mine for statement in each["PolicyDocument"]["Statement"]]


def actions_in(statement: dict[str, Any]) -> set[str]:
    actions = statement["Action"]
    return {actions} if isinstance(actions, str) else set(actions)


def actions_of(template: dict[str, Any], package: str) -> set[str]:
    return {action for statement in statements_of(template, package) for action in actions_in(statement)}


def names_in(value: Any) -> set[str]:
    """The logical ids that a value refers to, by `Ref`, `Fn::GetAtt` or `Fn::Sub`."""
    if isinstance(value, list):
        return {name for each in value for name in names_in(each)}
    if not isinstance(value, dict):
        return set()
    referred = {value["Ref"]} if "Ref" in value else set()
    referred |= {value["Fn::GetAtt"][0]} if "Fn::GetAtt" in value else set()
    referred |= set(_VARIABLE.findall(json.dumps(value["Fn::Sub"]))) if "Fn::Sub" in value else set()
    return referred | {name for each in value.values() for name in names_in(each)}


def package_of(properties: Properties) -> str:
    """The package that a function is made of."""
    return str(properties["Handler"]).split(".")[1]


def event_sources(template: dict[str, Any]) -> list[tuple[str, str, Properties]]:
    """Each event source: the logical ids of its function, also behind an alias, and of its source."""
    sources = resources(template, "AWS::Lambda::EventSourceMapping").values()
    return [
        (function_behind(template, each["FunctionName"]), min(names_in(each["EventSourceArn"])), each)
        for each in sources
    ]


def function_behind(template: dict[str, Any], value: Any) -> str:
    """The logical id of the function that a name or an ARN means, also that of a version or an alias."""
    (name,) = names_in(value)
    resource = template["Resources"][name]
    if resource["Type"] == "AWS::Lambda::Function":
        return name
    return function_behind(template, resource["Properties"]["FunctionName"])


def dead_letter_queues(template: dict[str, Any]) -> set[str]:
    """The queues that redrive to no other: what is in one stays there."""
    queues = resources(template, "AWS::SQS::Queue").items()
    return {name for name, queue in queues if "RedrivePolicy" not in queue}
