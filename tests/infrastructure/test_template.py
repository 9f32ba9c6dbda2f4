"""What the synthesized template must be, stated as properties: rights, concurrency, encryption, checks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from cdk_nag import AwsSolutionsChecks

from infrastructure import assets
from infrastructure.settings import StageSettings, stage_settings
from infrastructure.stack import TrunklineStack
from infrastructure.webhook_delivery import STREAMED_CALL_EVENTS
from tests.infrastructure.conftest import Synthesized
from tests.infrastructure.templates import (
    FUNCTIONS,
    STAGES,
    WITHOUT_DATA,
    actions_in,
    actions_of,
    event_sources,
    function,
    function_names,
    resources,
    statements_of,
)
from trunkline.webhooks.events import TYPE_OF_CALL_EVENT

_SECRETS = ("webhooks", "answers", "tools", "triggers", "templates")
PURPOSES = ("trunkline", *(f"trunkline-{of}" for of in _SECRETS))


def test_every_function_of_the_template_is_looked_at(template: dict[str, Any]) -> None:
    assert function_names(template) == {*FUNCTIONS, *WITHOUT_DATA}


def test_a_wake_stays_hidden_for_longer_than_a_run_can_last(template: dict[str, Any]) -> None:
    timeout_s = function(template, "dialer")["Timeout"]
    queues = resources(template, "AWS::SQS::Queue")
    dial = next(each for name, each in queues.items() if name[:4] == "Dial" and "RedrivePolicy" in each)
    assert dial["VisibilityTimeout"] > timeout_s
    assert dial["RedrivePolicy"]["maxReceiveCount"] >= 5, "a wake that Lambda throttles counts as received"
    assert timeout_s >= 120 + 100, "a run claims for 2 min and has 100 s left for its last dials"


def test_the_table_is_encrypted_recoverable_streamed_and_expires_items(template: dict[str, Any]) -> None:
    table = next(iter(resources(template, "AWS::DynamoDB::Table").values()))
    assert table["SSESpecification"]["SSEType"] == "KMS"
    assert "KMSMasterKeyId" in table["SSESpecification"]
    assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
    assert table["StreamSpecification"]["StreamViewType"] == "NEW_IMAGE"
    assert table["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}


@pytest.mark.parametrize("package", FUNCTIONS)
def test_each_function_has_a_role_of_its_own_without_wildcards(
    template: dict[str, Any], package: str
) -> None:
    roles = [each["Role"]["Fn::GetAtt"][0] for each in resources(template, "AWS::Lambda::Function").values()]
    assert len(roles) == len(set(roles))
    for statement in statements_of(template, package):
        assert statement["Effect"] == "Allow"
        assert "*" not in json.dumps(statement["Action"]), statement
        assert statement["Resource"] != "*" or statement["Action"] == "dynamodb:ListStreams", statement


def test_no_function_can_do_what_it_has_no_business_with(template: dict[str, Any]) -> None:
    forbidden = {"dynamodb:Scan", "dynamodb:BatchWriteItem", "dynamodb:DeleteTable", "kms:Decrypt*"}
    for package in FUNCTIONS:
        assert actions_of(template, package), package
        assert not actions_of(template, package) & forbidden
    assert "sqs:ReceiveMessage" not in actions_of(template, "livekit-webhook")
    assert "secretsmanager:GetSecretValue" in actions_of(template, "livekit-webhook")
    pepper = next(name for name in template["Resources"] if "KeyPepper" in name)
    readers = [package for package in FUNCTIONS if pepper in json.dumps(statements_of(template, package))]
    assert readers == ["api"]


def test_what_plays_test_calls_can_reach_no_livekit(template: dict[str, Any]) -> None:
    assert not {each for each in actions_of(template, "test-dialer") if each.startswith("secretsmanager:")}
    assert "LIVEKIT_SECRET_ARN" not in function(template, "test-dialer")["Environment"]["Variables"]


def test_test_calls_take_no_lane_of_the_live_ones(template: dict[str, Any]) -> None:
    takers = {taker: queue for taker, queue, _ in event_sources(template) if "DialQueue" in queue}
    assert len(takers) == len(set(takers.values())) == 2


def test_tenants_own_livekit_secrets_are_kept_by_the_api_alone(template: dict[str, Any]) -> None:
    keeps = {"secretsmanager:CreateSecret", "secretsmanager:PutSecretValue", "secretsmanager:DeleteSecret"}
    keepers = {package for package in FUNCTIONS if actions_of(template, package) & keeps}
    assert keepers == {"api"}
    kept = [each["Resource"] for each in statements_of(template, "api") if actions_in(each) & keeps]
    assert kept
    for resource in kept:
        assert ":secret:trunkline-" in json.dumps(resource)
        assert "/livekit/*" in json.dumps(resource)


def test_only_the_agents_function_reads_what_is_said_of_people_and_only_who_sends_a_webhooks_secret(
    template: dict[str, Any],
) -> None:
    key = next(name for name in resources(template, "AWS::KMS::Key") if "ContextKey" in name)
    may: dict[tuple[str, str], set[str]] = {}
    for package in FUNCTIONS:
        mine = [each for each in statements_of(template, package) if key in json.dumps(each["Resource"])]
        for statement in mine:
            purpose = statement["Condition"]["StringEquals"]["kms:EncryptionContext:purpose"]
            may.setdefault((package, purpose), set()).update(actions_in(statement))
    people, webhooks, answers, tools, triggers, templates = PURPOSES
    assert may == {
        ("api", people): {"kms:GenerateDataKey"},
        ("batches", people): {"kms:GenerateDataKey"},
        ("api", webhooks): {"kms:GenerateDataKey"},
        ("api", answers): {"kms:GenerateDataKey", "kms:Decrypt"},
        ("agent-api", people): {"kms:GenerateDataKey", "kms:Decrypt"},
        ("api", tools): {"kms:GenerateDataKey", "kms:Decrypt"},
        ("agent-api", tools): {"kms:Decrypt"},
        ("api", triggers): {"kms:GenerateDataKey", "kms:Decrypt"},
        ("api", templates): {"kms:GenerateDataKey", "kms:Decrypt"},
        ("batches", templates): {"kms:Decrypt"},
        ("webhook-deliver", webhooks): {"kms:Decrypt"},
    }


def test_the_stream_is_filtered_bisected_and_ends_in_dead_letters(template: dict[str, Any]) -> None:
    sources = resources(template, "AWS::Lambda::EventSourceMapping").values()
    stream = next(each for each in sources if "StartingPosition" in each)
    assert stream["BisectBatchOnFunctionError"] is True
    assert stream["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert 0 < stream["MaximumRetryAttempts"] <= 100
    assert "OnFailure" in stream["DestinationConfig"]
    assert 0 < len(stream["FilterCriteria"]["Filters"]) <= 5, "more than five need a quota"
    assert all("INSERT" in each["Pattern"] for each in stream["FilterCriteria"]["Filters"])


def test_deliveries_and_batches_are_standard_executions_that_log_no_data(template: dict[str, Any]) -> None:
    machines = resources(template, "AWS::StepFunctions::StateMachine").values()
    assert len(machines) == 2
    for machine in machines:
        assert machine["StateMachineType"] == "STANDARD"
        assert machine["LoggingConfiguration"]["IncludeExecutionData"] is False
        assert "MaxAttempts" in json.dumps(machine["DefinitionString"])
    starters = [each for each in FUNCTIONS if "states:StartExecution" in actions_of(template, each)]
    assert starters == ["api", "reconciler", "event-fanout"]


def test_events_are_put_on_the_bus_by_the_fan_out_alone(template: dict[str, Any]) -> None:
    putters = [each for each in FUNCTIONS if "events:PutEvents" in actions_of(template, each)]
    assert putters == ["event-fanout"]
    bus = next(iter(resources(template, "AWS::Events::EventBus").values()))
    assert bus["Name"].startswith("trunkline-")


def test_no_event_of_the_bus_goes_to_a_function_but_by_a_queue(template: dict[str, Any]) -> None:
    """Lambda drops an asynchronous event after three tries; a queue tries it for a day and keeps it."""
    queues = resources(template, "AWS::SQS::Queue")
    rules = [rule for rule in resources(template, "AWS::Events::Rule").values() if "EventPattern" in rule]
    assert rules
    for target in (target for rule in rules for target in rule["Targets"]):
        queue = queues[target["Arn"]["Fn::GetAtt"][0]]
        assert "DeadLetterConfig" in target
        redrive = queue["RedrivePolicy"]
        tried_s = queue["VisibilityTimeout"] * redrive["maxReceiveCount"]
        assert tried_s == 24 * 3600
        assert queue["MessageRetentionPeriod"] > tried_s
        letters = queues[redrive["deadLetterTargetArn"]["Fn::GetAtt"][0]]
        assert letters["MessageRetentionPeriod"] == 14 * 86_400
        assert "KmsMasterKeyId" not in queue, "EventBridge has no grant on our key"
        api = function(template, "api")
        assert queue["VisibilityTimeout"] > api["Timeout"]


def test_one_endpoint_gets_no_more_than_half_of_the_deliveries(
    template: dict[str, Any], settings: StageSettings
) -> None:
    deliver = function(template, "webhook-deliver")
    slots = int(deliver["Environment"]["Variables"]["WEBHOOK_SLOTS"])
    assert 0 < slots * 2 <= settings.webhook_deliveries_at_once
    assert deliver["Timeout"] > 15, "a request's deadline"


def test_loopback_is_open_on_the_local_stage_alone(synthesized: Synthesized) -> None:
    for stage in STAGES:
        for package in ("api", "webhook-deliver"):
            values = function(synthesized(stage), package)["Environment"]["Variables"]
            assert values["OUTGOING_LOOPBACK_PORTS"] == ("9100-9999" if stage == "local" else "none")


def test_the_encryption_layer_is_where_something_is_encrypted(template: dict[str, Any]) -> None:
    layers = {package: len(function(template, package)["Layers"]) for package in FUNCTIONS}
    assert {package for package, count in layers.items() if count == 3} == {
        "api",
        "agent-api",
        "webhook-deliver",
        "batches",
    }


def test_every_function_logs_to_a_group_that_forgets(template: dict[str, Any]) -> None:
    groups = resources(template, "AWS::Logs::LogGroup")
    assert all(each["RetentionInDays"] > 0 for each in groups.values())
    for each in resources(template, "AWS::Lambda::Function").values():
        assert each["LoggingConfig"]["LogGroup"]["Ref"] in groups


def test_no_secret_is_in_a_functions_environment(template: dict[str, Any]) -> None:
    for each in resources(template, "AWS::Lambda::Function").values():
        for name, value in each["Environment"]["Variables"].items():
            assert "resolve:secretsmanager" not in json.dumps(value), name


@pytest.mark.parametrize(("stage", "architecture"), [("dev", "arm64"), ("prod", "arm64")])
def test_aws_stages_run_on_arm(stage: str, architecture: str, synthesized: Synthesized) -> None:
    functions = resources(synthesized(stage), "AWS::Lambda::Function").values()
    assert {each["Architectures"][0] for each in functions} == {architecture}


def test_the_reconciler_runs_every_minute(template: dict[str, Any]) -> None:
    rules = resources(template, "AWS::Events::Rule").values()
    timed = [rule["ScheduleExpression"] for rule in rules if "ScheduleExpression" in rule]
    assert timed == ["rate(1 minute)"]


def test_an_unknown_stage_is_refused_with_the_ones_there_are() -> None:
    with pytest.raises(ValueError, match="choose one of local, dev, prod"):
        stage_settings("production")


def test_production_passes_cdk_nag_with_suppressions_on_single_resources_only(
    empty_layer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assets, "wheels_layer", lambda *_: empty_layer)
    app = cdk.App(outdir=str(tmp_path))
    TrunklineStack(app, stage_settings("prod"))
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    app.synth()
    report = json.loads((tmp_path / "validation-report.json").read_text())["pluginReports"][0]
    assert report["conclusion"] == "success"
    assert report["suppressedViolations"], "the report must have been made by the real rules"
    for suppressed in report["suppressedViolations"]:
        assert len(suppressed["violatingConstructs"]) == 1, suppressed
        assert len(suppressed["reason"]) > 20, suppressed


def test_the_stream_passes_on_every_event_of_a_call_that_webhooks_send() -> None:
    assert set(STREAMED_CALL_EVENTS) == set(TYPE_OF_CALL_EVENT)
