"""What is left of a stack that fails, is destroyed, or is made a second time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Template

from infrastructure import assets
from infrastructure.settings import stage_settings
from infrastructure.stack import TrunklineStack
from tests.infrastructure.conftest import Synthesized
from tests.infrastructure.templates import names_in, resources

DATA = {"AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::SecretsManager::Secret", "AWS::S3::Bucket"}
MAY_HAVE_A_NAME = {
    "AWS::Lambda::Function": "FunctionName",  # operators and dashboards name it; it is gone at once
    "AWS::Logs::LogGroup": "LogGroupName",  # people search for it; it is gone at once
    "AWS::Events::EventBus": "Name",  # the team's services put events on it; it is gone at once
}
NAMES = (
    "FunctionName",
    "LogGroupName",
    "Name",
    "TableName",
    "BucketName",
    "QueueName",
    "TopicName",
    "StateMachineName",
    "RoleName",
    "AlarmName",
    "AliasName",
    "PolicyName",
)
"""The properties by which a template fixes a resource's name."""


def _without_quarrel(kind: str, name: str) -> bool:
    """Whether a name only counts within another resource of the stack, or is one that may be fixed."""
    inner = {
        ("AWS::IAM::Policy", "PolicyName"),
        ("AWS::ApiGatewayV2::Api", "Name"),
        ("AWS::Lambda::Alias", "Name"),
        ("AWS::Logs::QueryDefinition", "Name"),
    }
    return (kind, name) in inner or MAY_HAVE_A_NAME.get(kind) == name


GO_WITH_FUNCTION = {"AWS::Lambda::Version"}
"""An update keeps them, and a function that is deleted takes its versions with it:
https://docs.aws.amazon.com/lambda/latest/api/API_DeleteFunction.html"""


def _policies(template: dict[str, Any], kinds: set[str]) -> set[tuple[str, str, str]]:
    return {
        (each["Type"], each.get("DeletionPolicy", "Delete"), each.get("UpdateReplacePolicy", "Delete"))
        for each in template["Resources"].values()
        if each["Type"] in kinds
    }


def test_data_of_prod_outlives_the_stack_but_not_a_creation_that_fails(synthesized: Synthesized) -> None:
    assert _policies(synthesized("prod"), DATA) == {(kind, "RetainExceptOnCreate", "Retain") for kind in DATA}


def test_nothing_else_of_prod_is_left_behind(synthesized: Synthesized) -> None:
    others = {each["Type"] for each in synthesized("prod")["Resources"].values()} - DATA - GO_WITH_FUNCTION
    assert {policies[1:] for policies in _policies(synthesized("prod"), others)} == {("Delete", "Delete")}


@pytest.mark.parametrize("stage", ["dev", "local"])
def test_nothing_of_dev_is_left_behind(stage: str, synthesized: Synthesized) -> None:
    template = synthesized(stage)
    kinds = {each["Type"] for each in template["Resources"].values()} - GO_WITH_FUNCTION
    assert {policies[1:] for policies in _policies(template, kinds)} == {("Delete", "Delete")}
    table = next(iter(resources(template, "AWS::DynamoDB::Table").values()))
    assert not table.get("DeletionProtectionEnabled", False), "a protected table cannot be deleted"


def test_a_second_stack_finds_no_name_taken(template: dict[str, Any]) -> None:
    fixed = {
        (each["Type"], name)
        for each in template["Resources"].values()
        for name in NAMES
        if isinstance(each.get("Properties", {}).get(name), str) and not _without_quarrel(each["Type"], name)
    }
    assert fixed == set()


def test_every_function_logs_to_a_group_that_goes_with_the_stack(template: dict[str, Any]) -> None:
    """Lambda would make a group of its own otherwise, which no stack deletes."""
    groups = resources(template, "AWS::Logs::LogGroup")
    for each in resources(template, "AWS::Lambda::Function").values():
        assert names_in(each["LoggingConfig"]["LogGroup"]) <= set(groups)


def test_no_role_can_make_a_log_group_anew(template: dict[str, Any]) -> None:
    """A function that writes its last line after the group is deleted would bring it back."""
    for each in resources(template, "AWS::IAM::Policy").values():
        assert "logs:CreateLogGroup" not in str(each["PolicyDocument"])
    for each in resources(template, "AWS::IAM::Role").values():
        assert "AWSLambdaBasicExecutionRole" not in str(each.get("ManagedPolicyArns", []))


def test_prod_says_what_it_keeps(synthesized: Synthesized) -> None:
    template = synthesized("prod")
    kept = {name for name, each in template["Resources"].items() if each["Type"] in DATA}
    assert names_in(template["Outputs"]["KeptOnDestroy"]["Value"]) == kept
    assert "KeptOnDestroy" not in synthesized("dev")["Outputs"]


def test_the_table_of_prod_is_protected_once_it_is_there(
    empty_layer: Path, synthesized: Synthesized, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its creation could not be rolled back otherwise: nobody can delete a protected table."""
    monkeypatch.setattr(assets, "wheels_layer", lambda *_: empty_layer)
    first = stage_settings("prod", {"protects_table": "false"})
    template = Template.from_stack(TrunklineStack(cdk.App(), first)).to_json()
    for made, protected in ((template, False), (synthesized("prod"), True)):
        table = next(iter(resources(dict(made), "AWS::DynamoDB::Table").values()))
        assert table["DeletionProtectionEnabled"] is protected
