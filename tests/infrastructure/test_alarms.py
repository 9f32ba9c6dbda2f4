"""What goes wrong for good ends in a queue of dead letters, and somebody is told.

Properties of the whole template: a new queue, stream, rule or state machine is covered by itself.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_kms as kms
from aws_cdk.assertions import Template

from infrastructure.alerts import AlertTopic
from infrastructure.settings import stage_settings
from tests.infrastructure.templates import dead_letter_queues, function_behind, names_in, resources
from trunkline.core.item_guard import ITEMS_FAILED
from trunkline.core.metrics import METRICS

ROOT = Path(__file__).parents[2]
RUNBOOKS = sorted(page for page in (ROOT / "docs/runbooks").glob("*.md") if page.stem != "README")

UNWATCHED_MACHINES = {
    "Deliveries": "a delivery that fails for good is in the tenant's log, and disables the webhook"
}
RUNS_AGAIN_ANYWAY = "rate(1 minute)"


def alarmed(template: dict[str, Any], metric: str, threshold: int | None = None) -> set[str]:
    """The logical ids whose metric has an alarm."""
    found: set[str] = set()
    for alarm in resources(template, "AWS::CloudWatch::Alarm").values():
        if alarm.get("MetricName") == metric and threshold in (None, alarm["Threshold"]):
            found |= names_in([dimension["Value"] for dimension in alarm["Dimensions"]])
    return found


def unwatched(template: dict[str, Any]) -> list[str]:
    """What may fail without anybody being told."""
    return [
        *_queues_without_alarm(template),
        *_streams_that_drop(template),
        *_rules_that_drop(template),
        *_machines_without_alarm(template),
        *_dial_queues_that_may_stand_still(template),
        *_passes_without_alarm(template),
        *_refusals_without_alarm(template),
        *_shifts_without_alarm(template),
    ]


def _shifts_without_alarm(template: dict[str, Any]) -> list[str]:
    """The moves of an alias to a new version that no alarm takes back."""
    kinds = {name: each["Type"] for name, each in template["Resources"].items()}
    return [
        f"no alarm {watched} on {name}"
        for name, kind in kinds.items()
        if kind == "AWS::CodeDeploy::DeploymentGroup"
        for watched in names_in(template["Resources"][name]["Properties"]["AlarmConfiguration"])
        if kinds[watched] != "AWS::CloudWatch::Alarm"
    ]


def _refusals_without_alarm(template: dict[str, Any]) -> list[str]:
    alarms = resources(template, "AWS::CloudWatch::Alarm").values()
    return [] if any(alarm.get("MetricName") == "LiveKitRefused" for alarm in alarms) else ["LiveKit refuses"]


def _queues_without_alarm(template: dict[str, Any]) -> list[str]:
    at_the_first = alarmed(template, "ApproximateNumberOfMessagesVisible", threshold=1)
    return [f"no alarm on {name}" for name in dead_letter_queues(template) - at_the_first]


def _streams_that_drop(template: dict[str, Any]) -> list[str]:
    late, letters = alarmed(template, "IteratorAge"), dead_letter_queues(template)
    found = []
    for name, source in resources(template, "AWS::Lambda::EventSourceMapping").items():
        if "StartingPosition" in source:
            destination = names_in(source.get("DestinationConfig", {}).get("OnFailure", {}))
            found += [] if destination and destination <= letters else [f"{name} drops what fails"]
            behind = function_behind(template, source["FunctionName"])
            found += [] if behind in late else [f"no alarm that {name} is late"]
    return found


def _rules_that_drop(template: dict[str, Any]) -> list[str]:
    letters = dead_letter_queues(template)
    return [
        f"{name} drops what fails"
        for name, rule in resources(template, "AWS::Events::Rule").items()
        for target in rule["Targets"]
        if rule.get("ScheduleExpression") != RUNS_AGAIN_ANYWAY
        and not names_in(target.get("DeadLetterConfig", {})) & letters
    ]


def _machines_without_alarm(template: dict[str, Any]) -> list[str]:
    watched = alarmed(template, "ExecutionsFailed", threshold=1)
    machines = set(resources(template, "AWS::StepFunctions::StateMachine")) - watched
    return [f"no alarm on {name}" for name in machines if not name.startswith(tuple(UNWATCHED_MACHINES))]


def _dial_queues_that_may_stand_still(template: dict[str, Any]) -> list[str]:
    queues = set(resources(template, "AWS::SQS::Queue")) - dead_letter_queues(template)
    dialled = {name for name in queues if "DialQueue" in name}
    assert len(dialled) == 2
    return [
        f"no alarm that {name} is late"
        for name in dialled - alarmed(template, "ApproximateAgeOfOldestMessage")
    ]


def _passes_without_alarm(template: dict[str, Any]) -> list[str]:
    """The services that step over items, by their source, and whose alarm is missing."""
    code = [path for folder in ("layers/trunkline", "functions") for path in (ROOT / folder).rglob("*.py")]
    services = {name for path in code for name in re.findall(r'ItemGuard\("(\w+)"', path.read_text())}
    assert services
    watched = {
        dimension["Value"]
        for each in resources(template, "AWS::CloudWatch::Alarm").values()
        if each.get("MetricName") == ITEMS_FAILED
        for dimension in each["Dimensions"]
    }
    return [f"no alarm on items that {service} steps over" for service in services - watched]


def test_whatever_fails_for_good_has_an_alarm(template: dict[str, Any]) -> None:
    assert unwatched(template) == []


AT_THE_FIRST = ("DeadLettersAlarm", "ItemsFailedAlarm", "LiveKitRefusedAlarm", "TrunkPaused")
"""What never happens on a healthy stack: these wait for no second minute."""


def test_what_never_happens_on_a_healthy_stack_sets_its_alarm_off_at_once(template: dict[str, Any]) -> None:
    for name, alarm in resources(template, "AWS::CloudWatch::Alarm").items():
        if name[:-8].endswith(AT_THE_FIRST):
            assert (alarm["EvaluationPeriods"], alarm["Period"], alarm["Threshold"]) == (1, 60, 1), name


def test_each_alarm_is_one_that_cloudwatch_accepts(on_aws: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html,
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"""
    for name, alarm in resources(on_aws, "AWS::CloudWatch::Alarm").items():
        stats = [each["MetricStat"] for each in alarm.get("Metrics", []) if "MetricStat" in each]
        assert len(stats) <= 10, f"{name}: an expression takes ten metrics"
        assert len(alarm["AlarmDescription"]) <= 1024, name
        assert all(re.fullmatch("[a-z][a-zA-Z0-9_]*", each["Id"]) for each in alarm.get("Metrics", [])), name
        period_s = alarm.get("Period") or stats[0]["Period"]
        assert period_s * alarm["EvaluationPeriods"] <= 86_400, name
        assert alarm["DatapointsToAlarm"] <= alarm["EvaluationPeriods"], name


def test_only_the_silence_of_what_always_runs_is_bad(on_aws: dict[str, Any]) -> None:
    alarms = resources(on_aws, "AWS::CloudWatch::Alarm").items()
    silent = [name[:-8] for name, alarm in alarms if alarm["TreatMissingData"] != "notBreaching"]
    assert silent == ["ServiceAlarmsReconcilerSilent"]


# Notifications


def topic_of(template: dict[str, Any]) -> str:
    (topic,) = resources(template, "AWS::SNS::Topic")
    return topic


def test_each_alarm_tells_of_its_beginning_and_its_end(template: dict[str, Any]) -> None:
    expected = [{"Ref": topic_of(template)}]
    for name, alarm in resources(template, "AWS::CloudWatch::Alarm").items():
        assert alarm.get("AlarmActions") == expected, name
        assert alarm.get("OKActions") == expected, name
        assert alarm.get("ActionsEnabled", True) is True, name


def test_alarms_of_this_stack_and_no_others_may_publish_and_use_the_key(template: dict[str, Any]) -> None:
    """A topic under a key that does not admit CloudWatch stays silent:
    https://repost.aws/knowledge-center/cloudwatch-configure-alarm-sns"""
    topic = template["Resources"][topic_of(template)]["Properties"]
    key = topic["KmsMasterKeyId"]["Fn::GetAtt"][0]
    policies = resources(template, "AWS::SNS::TopicPolicy").values()
    on_topic = [each for policy in policies for each in policy["PolicyDocument"]["Statement"]]
    on_key = template["Resources"][key]["Properties"]["KeyPolicy"]["Statement"]
    for statements, actions in (
        (on_topic, {"sns:Publish"}),
        (on_key, {"kms:Decrypt", "kms:GenerateDataKey*"}),
    ):
        cloudwatch = {"Service": "cloudwatch.amazonaws.com"}
        (statement,) = [each for each in statements if each.get("Principal") == cloudwatch]
        given = statement["Action"]
        assert set([given] if isinstance(given, str) else given) == actions
        assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
        assert ":alarm:trunkline-" in str(statement["Condition"]["ArnLike"]["aws:SourceArn"])


@pytest.mark.parametrize(
    ("setting", "address", "protocol"),
    [("alarm_email", "ops@example.com", "email"), ("alarm_https_url", "https://ops.example.com/a", "https")],
)
def test_alarms_are_sent_to_whom_the_settings_name(setting: str, address: str, protocol: str) -> None:
    stack = cdk.Stack(cdk.App(), "trunkline-test")
    changes: dict[str, Any] = {setting: address}
    settings = replace(stage_settings("dev"), **changes)
    AlertTopic(stack, "Notices", kms.Key(stack, "Key"), settings)
    template = dict(Template.from_stack(stack).to_json())
    (subscription,) = resources(template, "AWS::SNS::Subscription").values()
    assert (subscription["Protocol"], subscription["Endpoint"]) == (protocol, address)


# Runbooks


def runbook_of(alarm: dict[str, Any]) -> str:
    match = re.search(r" Runbook: docs/runbooks/([a-z-]+)\.md$", alarm["AlarmDescription"])
    assert match, alarm["AlarmDescription"]
    return match[1]


def test_each_alarm_has_its_runbook_and_each_runbook_its_alarm(on_aws: dict[str, Any]) -> None:
    named = {runbook_of(alarm) for alarm in resources(on_aws, "AWS::CloudWatch::Alarm").values()}
    assert named == {page.stem for page in RUNBOOKS}


@pytest.mark.parametrize("page", RUNBOOKS, ids=lambda page: page.stem)
def test_a_runbook_says_what_it_means_how_to_look_and_what_to_do(page: Path) -> None:
    parts = re.split(r"^## (.+)$", page.read_text(), flags=re.MULTILINE)
    headings, bodies = parts[1::2], parts[2::2]
    assert headings == ["What callers notice", "How to look", "What to do"]
    assert all(len(body.strip()) > 40 for body in bodies)
    assert f"({page.name})" in (page.parent / "README.md").read_text(), "the list of runbooks has it"


def test_each_metric_of_an_alarm_is_one_that_functions_write(on_aws: dict[str, Any]) -> None:
    """A misspelt metric has no data, and its alarm never goes off."""
    for alarm in resources(on_aws, "AWS::CloudWatch::Alarm").values():
        stats = [each["MetricStat"]["Metric"] for each in alarm.get("Metrics", []) if "MetricStat" in each]
        for metric in stats or [alarm]:
            if metric["Namespace"].startswith("Trunkline"):
                known = METRICS[metric["MetricName"]]
                names = {each["Name"] for each in metric["Dimensions"]}
                assert names - {"service"} <= set(known.by), metric
                assert {"service"} <= names, metric


def test_no_alarm_and_no_destination_of_dead_letters_can_be_left_out(template: dict[str, Any]) -> None:
    """The properties above can fail: whichever of them is taken out of the template, it is noticed."""
    broken = [
        template["Resources"] | {name: {"Type": "Nothing"}}
        for name in resources(template, "AWS::CloudWatch::Alarm")
        if not name.startswith(("ServiceAlarms", "CallAlarms"))
    ]
    for name, resource in template["Resources"].items():
        if (
            resource["Type"] == "AWS::Lambda::EventSourceMapping"
            and "StartingPosition" in resource["Properties"]
        ):
            source = resource["Properties"] | {"DestinationConfig": {}}
            broken.append(template["Resources"] | {name: resource | {"Properties": source}})
        if resource["Type"] == "AWS::Events::Rule" and "DeadLetterConfig" in str(resource):
            targets = [
                {k: v for k, v in each.items() if k != "DeadLetterConfig"}
                for each in resource["Properties"]["Targets"]
            ]
            rule = resource["Properties"] | {"Targets": targets}
            broken.append(template["Resources"] | {name: resource | {"Properties": rule}})
    assert len(broken) >= 10
    for changed in broken:
        assert unwatched(template | {"Resources": changed}), set(template["Resources"]) - set(changed)


@pytest.mark.parametrize("kind", ["AWS::SQS::Queue", "AWS::StepFunctions::StateMachine"])
def test_a_new_one_without_an_alarm_is_noticed(template: dict[str, Any], kind: str) -> None:
    new = {"NewOne": {"Type": kind, "Properties": {}}}
    assert unwatched(template | {"Resources": template["Resources"] | new}) == ["no alarm on NewOne"]
