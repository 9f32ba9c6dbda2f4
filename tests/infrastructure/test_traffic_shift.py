"""How production moves its API to a new version: a share of the requests first, and back on alarms."""

from __future__ import annotations

from typing import Any

from tests.infrastructure.conftest import Synthesized
from tests.infrastructure.templates import function_behind, names_in, package_of, resources

FUNCTION, ALIAS = "AWS::Lambda::Function", "AWS::Lambda::Alias"
GROUP, ALARM = "AWS::CodeDeploy::DeploymentGroup", "AWS::CloudWatch::Alarm"


def test_prod_moves_the_api_to_a_new_version_by_and_by_and_alarms_take_it_back(
    synthesized: Synthesized,
) -> None:
    template = synthesized("prod")
    (group,) = resources(template, GROUP).values()
    assert group["DeploymentConfigName"] == "CodeDeployDefault.LambdaCanary10Percent5Minutes"
    rollback = group["AutoRollbackConfiguration"]
    assert rollback["Enabled"] is True
    assert {"DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"} <= set(rollback["Events"])
    assert group["AlarmConfiguration"]["Enabled"] is True
    watched = [names_in(alarm["Name"]) for alarm in group["AlarmConfiguration"]["Alarms"]]
    alarms = [resources(template, ALARM)[name] for (name,) in watched]
    metrics = {
        (metric["MetricStat"]["Metric"]["Namespace"], metric["MetricStat"]["Metric"]["MetricName"])
        for alarm in alarms
        for metric in alarm["Metrics"]
        if "MetricStat" in metric
    }
    assert metrics == {
        ("AWS/Lambda", "Errors"),
        ("AWS/Lambda", "Invocations"),
        ("AWS/ApiGateway", "5xx"),
        ("AWS/ApiGateway", "Count"),
    }


def test_only_the_api_of_prod_is_moved_by_and_by(stage: str, template: dict[str, Any]) -> None:
    """Event sources send no tenth of their messages: their functions change at once, in a single call."""
    moved = {
        function_behind(template, {"Ref": name})
        for name, each in template["Resources"].items()
        if each["Type"] == ALIAS and "CodeDeployLambdaAliasUpdate" in each.get("UpdatePolicy", {})
    }
    functions = resources(template, FUNCTION)
    assert {package_of(functions[name]) for name in moved} == ({"api"} if stage == "prod" else set())
