"""What an idle stage is billed for is at least what the production template has."""

from __future__ import annotations

from collections import Counter
from typing import Any

from trunkline_cli.cost import usage

from tests.infrastructure.conftest import Synthesized


def _resources(template: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [item["Properties"] for item in template["Resources"].values() if item["Type"] == kind]


def test_the_counts_of_an_idle_stage_are_the_templates(synthesized: Synthesized) -> None:
    template = synthesized("prod")
    kinds = Counter(item["Type"] for item in template["Resources"].values())
    assert kinds["AWS::KMS::Key"] == usage.KMS_KEYS
    assert kinds["AWS::SecretsManager::Secret"] == usage.SECRETS
    assert kinds["AWS::CloudWatch::Dashboard"] == usage.DASHBOARDS


def test_each_metric_of_an_alarm_is_billed(synthesized: Synthesized) -> None:
    alarms = _resources(synthesized("prod"), "AWS::CloudWatch::Alarm")
    metrics = sum(
        sum("MetricStat" in query for query in alarm["Metrics"]) if "Metrics" in alarm else 1
        for alarm in alarms
    )
    assert metrics <= usage.ALARM_METRICS < 1.3 * metrics


def test_lambda_polls_each_queue_that_starts_a_function(synthesized: Synthesized) -> None:
    sources = _resources(synthesized("prod"), "AWS::Lambda::EventSourceMapping")
    queues = [source for source in sources if "MaximumConcurrency" in source.get("ScalingConfig", {})]
    assert len(queues) == usage.QUEUES
    functions = [
        item["Properties"]
        for item in synthesized("prod")["Resources"].values()
        if item["Type"] == "AWS::Lambda::Function"
    ]
    memory = {function["MemorySize"] / 1024 for function in functions}
    assert {usage.FUNCTION_GB, round(usage.DIALER_GB, 2)} == {round(size, 2) for size in memory}
