"""A stage that uses a restored table in place of its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Template

from infrastructure import assets
from infrastructure.settings import adopted_table, stage_settings
from infrastructure.stack import TrunklineStack
from tests.infrastructure.conftest import Synthesized
from tests.infrastructure.templates import CONTEXT, FUNCTIONS, resources, statements_of

TABLE_ARN = "arn:aws:dynamodb:eu-central-1:111122223333:table/trunkline-prod-Table-restored-20261128T093000Z"
STREAM_ARN = f"{TABLE_ARN}/stream/2026-11-28T10:00:00.000"
OWN = "DataTable"


@pytest.fixture(scope="module")
def adopted(empty_layer: Path) -> dict[str, Any]:
    settings = replace(stage_settings("prod"), adopted_stream_arn=STREAM_ARN)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assets, "wheels_layer", lambda *_: empty_layer)
        stack = TrunklineStack(cdk.App(context=CONTEXT), settings)
        return dict(Template.from_stack(stack).to_json())


def test_every_function_uses_the_adopted_table(adopted: dict[str, Any]) -> None:
    name = TABLE_ARN.rpartition("/")[2]
    for each in resources(adopted, "AWS::Lambda::Function").values():
        assert each["Environment"]["Variables"].get("TABLE_NAME", name) == name


def test_no_role_may_use_the_stacks_own_table(adopted: dict[str, Any], synthesized: Synthesized) -> None:
    for name in FUNCTIONS:
        for statement in statements_of(adopted, name):
            assert OWN not in str(statement["Resource"]), name
    assert OWN in str(statements_of(dict(synthesized("prod")), "api")), "the test would see it"
    allowed = str(statements_of(adopted, "dialer"))
    assert TABLE_ARN in allowed
    assert f"{TABLE_ARN}/index/open" in allowed


def test_the_fan_out_follows_the_adopted_tables_stream(adopted: dict[str, Any]) -> None:
    sources = resources(adopted, "AWS::Lambda::EventSourceMapping").values()
    assert [each["EventSourceArn"] for each in sources].count(STREAM_ARN) == 1
    assert STREAM_ARN in str(statements_of(adopted, "event-fanout"))


def test_the_own_table_stays_as_it_is_so_that_the_stage_can_go_back(
    adopted: dict[str, Any], synthesized: Synthesized
) -> None:
    (before,) = resources(dict(synthesized("prod")), "AWS::DynamoDB::Table").items()
    (after,) = resources(adopted, "AWS::DynamoDB::Table").items()
    assert before == after


def test_the_stack_says_what_it_has_adopted_and_keeps(
    adopted: dict[str, Any], synthesized: Synthesized
) -> None:
    assert adopted["Outputs"]["AdoptedStreamArn"]["Value"] == STREAM_ARN
    assert adopted["Outputs"]["TableName"]["Value"] == TABLE_ARN.rpartition("/")[2]
    assert TABLE_ARN.rpartition("/")[2] in str(adopted["Outputs"]["KeptOnDestroy"])
    assert "AdoptedStreamArn" not in synthesized("prod")["Outputs"]


def test_all_else_of_the_template_is_the_same(adopted: dict[str, Any], synthesized: Synthesized) -> None:
    """Queues, keys, the pepper, schedules and state machines survive the change of the table."""
    kinds = ("AWS::SQS::Queue", "AWS::KMS::Key", "AWS::SecretsManager::Secret", "AWS::S3::Bucket")
    for kind in (*kinds, "AWS::StepFunctions::StateMachine"):
        assert resources(adopted, kind) == resources(dict(synthesized("prod")), kind), kind


def test_the_stream_is_given_on_the_command_line() -> None:
    assert stage_settings("dev", {"adopted_stream_arn": STREAM_ARN}).adopted_stream_arn == STREAM_ARN
    assert adopted_table(STREAM_ARN) == (TABLE_ARN, TABLE_ARN.rpartition("/")[2])
    assert adopted_table("none") is None


@pytest.mark.parametrize("wrong", [TABLE_ARN, "my-table", f"{STREAM_ARN}/more", ""])
def test_what_is_no_stream_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="adopted_stream_arn must be the ARN of a table's stream"):
        stage_settings("dev", {"adopted_stream_arn": wrong})
