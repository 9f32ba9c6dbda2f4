"""The doctor against AWS in memory, a LiveKit stand-in and an API: all well, and each thing that fails."""

from __future__ import annotations

import json

import pytest
from trunkline_cli.doctor import aws_reader, check_list, livekit_reader
from trunkline_cli.doctor.report import CheckReport, Status, exit_code
from trunkline_cli.main import app
from typer.testing import CliRunner

from tests.unit.fixtures_doctor import (
    STAGE,
    CloudFormation,
    Deployment,
    api_url,
    aws,
    cloudformation,
    deployment,
)
from tests.unit.fixtures_stand_in import RunningStandIn

__all__ = ["api_url", "aws", "cloudformation", "deployment"]


def _not_well(reports: dict[str, CheckReport]) -> dict[str, Status]:
    return {name: each.status for name, each in reports.items() if each.status is not Status.OK}


async def test_all_is_well(deployment: Deployment) -> None:
    reports = await deployment.examine()
    assert _not_well(reports) == {"drift": Status.SKIPPED}, reports
    assert exit_code(list(reports.values())) == 0


async def test_each_check_sees_its_own_failure_and_the_others_go_on(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqs, kms = deployment.client("sqs"), deployment.client("kms")
    sqs.send_message(QueueUrl=deployment.outputs["EventDeadLettersUrl"], MessageBody="x")
    kms.disable_key(KeyId=kms.list_keys()["Keys"][0]["KeyId"])
    deployment.add_trunk("ST_unknown")
    deployment.put_alarm(f"trunkline-{STAGE}-TableErrors", "ALARM")
    deployment.put_alarm("trunkline-other-TableErrors", "ALARM")
    topic = deployment.outputs["NoticesTopicArn"]
    sns = deployment.client("sns")
    for each in sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]:
        sns.unsubscribe(SubscriptionArn=each["SubscriptionArn"])
    monkeypatch.setattr(check_list, "version", lambda _: "99.0")
    for reader in (aws_reader, livekit_reader):
        monkeypatch.setattr(reader, "seconds_ahead_of", lambda _: 60.0)
    reports = await deployment.examine()
    assert _not_well(reports) == {
        "clock": Status.WARN,
        "livekit-clock": Status.WARN,
        "drift": Status.SKIPPED,
        "versions": Status.WARN,
        "kms-keys": Status.FAIL,
        "livekit-trunks": Status.FAIL,
        "dead-letters": Status.FAIL,
        "alarms": Status.FAIL,
        "alarm-subscribers": Status.WARN,
    }
    assert "main (ST_unknown)" in reports["livekit-trunks"].found
    assert "other" not in reports["alarms"].found


async def test_a_wrong_key_is_told_apart_from_a_livekit_that_is_away(
    deployment: Deployment, stand_in: RunningStandIn
) -> None:
    wrong = "a wrong secret of at least thirty-two characters"
    deployment.set_livekit(deployment.livekit_url, wrong)
    reports = await deployment.examine()
    assert "refuses the key" in reports["livekit-login"].found
    assert reports["webhook-receiver"].status is Status.FAIL
    assert reports["livekit-trunks"].status is Status.WARN
    await stand_in.stop()
    away = await deployment.examine()
    assert "did not answer" in away["livekit-login"].found
    assert away["livekit-clock"].status is Status.FAIL
    for report in (*reports.values(), *away.values()):
        assert wrong not in report.found + report.fix


async def test_without_a_project_the_checks_that_need_it_are_skipped(deployment: Deployment) -> None:
    deployment.client("secretsmanager").put_secret_value(SecretId="livekit", SecretString="{}")
    reports = await deployment.examine()
    assert reports["livekit-secret"].status is Status.FAIL
    assert "trunkline livekit set" in reports["livekit-secret"].fix
    for name in ("livekit-login", "livekit-clock", "webhook-receiver"):
        assert reports[name].status is Status.SKIPPED, name


async def test_a_stack_that_was_never_told_of_a_call_by_livekit_is_a_warning(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The doctor's own test webhook is ignored, so it is no sign of LiveKit."""
    monkeypatch.setattr(check_list, "metrics_namespace", lambda _: "Trunkline/other")
    deployment.count_webhook("ignored", "Trunkline/other")
    silent = (await deployment.examine())["webhook-arrivals"]
    assert silent.status is Status.WARN
    assert f"{deployment.api_url}/livekit/webhook" in silent.fix


@pytest.mark.parametrize(("drifted", "status"), [(["Table"], Status.WARN), ([], Status.OK)])
async def test_drift_is_detected_when_it_is_asked_for(
    deployment: Deployment, drifted: list[str], status: Status
) -> None:
    deployment.cloudformation.drifted = drifted
    drift = (await deployment.examine(drift=True))["drift"]
    assert drift.status is status
    assert all(name in drift.found for name in drifted)
    assert deployment.cloudformation.polls == 2


async def test_a_deployment_that_failed_is_told_beside_what_still_works(deployment: Deployment) -> None:
    deployment.cloudformation.status = "UPDATE_ROLLBACK_FAILED"
    assert _not_well(await deployment.examine()) == {"stack": Status.FAIL, "drift": Status.SKIPPED}


async def test_a_stack_without_an_output_is_one_sentence(deployment: Deployment) -> None:
    del deployment.outputs["NoticesTopicArn"]
    report = (await deployment.examine())["alarm-subscribers"]
    assert "the stack has no output NoticesTopicArn" in report.found


async def test_a_missing_stack_fails_once(cloudformation: CloudFormation, api_url: str) -> None:
    reports = await Deployment(api_url, "", cloudformation).examine()
    assert reports["credentials"].status is Status.OK
    assert "trunkline-dev not found" in reports["stack"].found
    for name in ("kms-keys", "dead-letters", "alarms", "livekit-secret", "livekit-trunks", "versions"):
        assert reports[name].status is Status.SKIPPED, name


def test_usage_errors_end_with_2(aws: None) -> None:
    assert CliRunner().invoke(app, ["doctor", "--nonsense"]).exit_code == 2


def test_the_command_ends_with_1_when_a_check_fails_and_prints_json(cloudformation: CloudFormation) -> None:
    result = CliRunner().invoke(app, ["doctor", "--stage", "nowhere", "--json"])
    assert result.exit_code == 1
    report = json.loads(result.stdout)
    assert (report["schema_version"], report["stage"], report["status"]) == (1, "nowhere", "fail")
    assert {"name", "status", "found", "fix"} == set(report["checks"][0])
    shown = CliRunner().invoke(app, ["doctor", "--stage", "nowhere"]).stdout
    assert "✗ stack: stack trunkline-nowhere not found" in shown
