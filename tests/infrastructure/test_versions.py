"""What a deployment changes at once: each function's published version, behind an alias that all invoke."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk.assertions import Template

from infrastructure.python_function import LIVE, PythonFunction, Runtime
from tests.infrastructure.templates import CONTEXT, names_in, resources

FUNCTION, VERSION, ALIAS = "AWS::Lambda::Function", "AWS::Lambda::Version", "AWS::Lambda::Alias"
_MAY_NAME_A_FUNCTION = {
    VERSION,
    ALIAS,
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::Lambda::EventInvokeConfig",  # names the alias beside it
}


def test_every_function_is_live_in_a_published_version(template: dict[str, Any]) -> None:
    versions = {name: each["FunctionName"]["Ref"] for name, each in resources(template, VERSION).items()}
    aliases = resources(template, ALIAS).values()
    assert {each["FunctionName"]["Ref"] for each in aliases} == set(resources(template, FUNCTION))
    assert len(aliases) == len(versions) == len(resources(template, FUNCTION))
    for alias in aliases:
        assert alias["Name"] == LIVE
        version, attribute = alias["FunctionVersion"]["Fn::GetAtt"]
        assert (versions[version], attribute) == (alias["FunctionName"]["Ref"], "Version")


def test_whatever_invokes_a_function_invokes_the_alias(template: dict[str, Any]) -> None:
    functions, aliases = set(resources(template, FUNCTION)), set(resources(template, ALIAS))
    users: dict[str, set[str]] = {}
    for name, resource in template["Resources"].items():
        if resource["Type"] not in _MAY_NAME_A_FUNCTION:
            referred = names_in(resource["Properties"]) if "Properties" in resource else set()
            assert not referred & functions, f"{name} goes to $LATEST, past the alias"
            users.setdefault(resource["Type"], set()).update(referred & aliases)
    assert set().union(*users.values()) == aliases, "each function is invoked by something"
    for kind in ("EventSourceMapping", "Permission"):
        assert users[f"AWS::Lambda::{kind}"]
    for kind in ("Events::Rule", "ApiGatewayV2::Integration", "StepFunctions::StateMachine", "IAM::Policy"):
        assert users[f"AWS::{kind}"], f"a {kind} invokes a function"


def test_a_failed_deployment_leaves_no_version_and_a_good_one_keeps_the_last(
    template: dict[str, Any],
) -> None:
    versions = [each for each in template["Resources"].values() if each["Type"] == VERSION]
    policies = {(each["DeletionPolicy"], each["UpdateReplacePolicy"]) for each in versions}
    assert policies == {("RetainExceptOnCreate", "Retain")}


class _Stack:
    """One function, and the version that a deployment of it would publish."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.code, self.layer, self.environment = "code", "layer", {"TABLE_NAME": "a"}
        self.reserved, self.calls_itself = 1, False

    def version(self) -> str:
        stack = cdk.Stack(cdk.App(context=CONTEXT), "Stack")
        arm = lambda_.Architecture.ARM_64
        layer = lambda_.LayerVersion(stack, "Layer", code=self._asset("layer", self.layer))
        runtime = Runtime(
            self._asset("code", self.code),
            [layer],
            layer,
            arm,
            logs.RetentionDays.ONE_DAY,
            {"one": self.reserved},
            {},
        )
        PythonFunction(
            stack,
            "One",
            runtime=runtime,
            package="one",
            environment=self.environment,
            timeout_s=1,
            memory_mib=128,
            calls_itself=self.calls_itself,
        )
        return next(iter(resources(dict(Template.from_stack(stack).to_json()), VERSION)))

    def _asset(self, kind: str, content: str) -> lambda_.Code:
        folder = self._folder / f"{kind}-{content}"
        folder.mkdir(exist_ok=True)
        (folder / "content.txt").write_text(content)
        return lambda_.Code.from_asset(str(folder))


@pytest.mark.parametrize("changed", ["code", "layer", "environment"])
def test_a_change_of_handlers_layer_or_environment_publishes_a_version(changed: str, tmp_path: Path) -> None:
    stack = _Stack(tmp_path)
    before = stack.version()
    setattr(stack, changed, {"TABLE_NAME": "b"} if changed == "environment" else "changed")
    assert stack.version() != before


def test_what_lambda_keeps_outside_of_versions_publishes_none(tmp_path: Path) -> None:
    """Lambda refuses to publish the same code and configuration twice: the deployment would fail."""
    stack = _Stack(tmp_path)
    before = stack.version()
    stack.reserved, stack.calls_itself = 2, True
    assert stack.version() == before
