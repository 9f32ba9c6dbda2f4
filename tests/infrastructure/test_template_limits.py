"""Limits of CloudFormation, IAM and Lambda on the whole of a template, which no schema of a resource has.

Sources: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html,
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from tests.infrastructure.templates import resources

_LONGEST_ARN = "a" * 110
"""Of a secret, a queue or a role, with the name that CloudFormation makes."""


def _resolved(value: Any) -> Any:
    """A value as long as it can be with ARNs in place of its references."""
    if isinstance(value, list):
        return [_resolved(each) for each in value]
    if not isinstance(value, dict):
        return value
    if "Fn::Join" in value:
        separator, parts = value["Fn::Join"]
        return separator.join(map(str, map(_resolved, parts)))
    if str(value.get("Ref", "")).startswith("AWS::"):
        return "ap-southeast-99"
    if value.keys() & {"Ref", "Fn::GetAtt", "Fn::Select"}:
        return _LONGEST_ARN
    return {name: _resolved(each) for name, each in value.items()}


def _size(value: Any) -> int:
    return len(json.dumps(_resolved(value), separators=(",", ":")))


def test_the_template_is_one_that_cloudformation_takes(on_aws: dict[str, Any]) -> None:
    assert len(json.dumps(on_aws)) < 1_000_000
    assert len(on_aws["Resources"]) <= 500
    assert len(on_aws["Outputs"]) <= 200


def test_the_policies_of_a_role_fit_into_it(on_aws: dict[str, Any]) -> None:
    sizes: dict[str, int] = defaultdict(int)
    for policy in resources(on_aws, "AWS::IAM::Policy").values():
        for role in policy["Roles"]:
            sizes[role["Ref"]] += _size(policy["PolicyDocument"])
    assert not {role: size for role, size in sizes.items() if size > 10_240}


def test_the_policy_of_a_key_fits(on_aws: dict[str, Any]) -> None:
    for key in resources(on_aws, "AWS::KMS::Key").values():
        assert _size(key["KeyPolicy"]) <= 32_768


def test_a_function_has_few_enough_layers_and_variables(on_aws: dict[str, Any]) -> None:
    for function in resources(on_aws, "AWS::Lambda::Function").values():
        assert len(function.get("Layers", [])) <= 5
        assert _size(function["Environment"]["Variables"]) <= 4_096
        assert len(function["FunctionName"]) <= 64
