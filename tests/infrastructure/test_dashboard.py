"""The dashboard and the saved queries: within AWS's limits, cheap to look at, and about what exists."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from tests.infrastructure.templates import names_in, resources
from trunkline.core.metrics import METRICS

ROOT = Path(__file__).parents[2]
MAX_METRICS, MAX_WIDGET_METRICS, MAX_ALARMS = 2_500, 500, 100


def widgets_of(template: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the widgets, with X for each value that CloudFormation fills in."""
    (dashboard,) = resources(template, "AWS::CloudWatch::Dashboard").values()
    body = dashboard["DashboardBody"]
    text = "".join(part if isinstance(part, str) else "X" for part in body["Fn::Join"][1])
    return list(json.loads(text)["widgets"])


def queries_of(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    queries = resources(template, "AWS::Logs::QueryDefinition").values()
    return {str(each["Name"]).partition("/")[2]: each for each in queries}


def test_the_dashboard_is_within_the_limits_and_queries_no_logs(template: dict[str, Any]) -> None:
    widgets = widgets_of(template)
    assert {widget["type"] for widget in widgets} == {"alarm", "metric"}, "a log widget costs at each look"
    sizes = [len(widget["properties"].get("metrics", [])) for widget in widgets]
    assert max(sizes) <= MAX_WIDGET_METRICS
    assert sum(sizes) <= MAX_METRICS


def test_the_dashboard_shows_every_alarm(template: dict[str, Any]) -> None:
    (widget,) = [each for each in widgets_of(template) if each["type"] == "alarm"]
    assert len(widget["properties"]["alarms"]) == len(resources(template, "AWS::CloudWatch::Alarm"))
    assert len(widget["properties"]["alarms"]) <= MAX_ALARMS


def test_the_dashboard_shows_metrics_that_functions_write(template: dict[str, Any]) -> None:
    text = json.dumps(widgets_of(template))
    graphs = [each["properties"]["metrics"] for each in widgets_of(template) if each["type"] == "metric"]
    own = {line[1] for lines in graphs for line in lines if str(line[0]).startswith("Trunkline/")}
    searched = re.findall(r"\{Trunkline/\w+,service,(\w+)\} MetricName=\\*\"(\w+)\\*\"", text)
    assert own | {name for _, name in searched} <= METRICS.keys()
    assert len(searched) >= 5
    assert all(dimension in METRICS[name].by for dimension, name in searched)


def test_each_query_reads_log_groups_of_the_stack(on_aws: dict[str, Any]) -> None:
    groups = set(resources(on_aws, "AWS::Logs::LogGroup"))
    functions = resources(on_aws, "AWS::Lambda::Function")
    queries = queries_of(on_aws)
    for name, query in queries.items():
        assert names_in(query["LogGroupNames"]) <= groups, name
    everything = {each["LoggingConfig"]["LogGroup"]["Ref"] for each in functions.values()}
    for name in ("one call", "one trace", "errors"):
        assert names_in(queries[name]["LogGroupNames"]) == everything, name


def test_each_query_that_a_runbook_names_is_saved(on_aws: dict[str, Any]) -> None:
    pages = "".join(page.read_text() for page in (ROOT / "docs/runbooks").glob("*.md"))
    named = set(re.findall(r"saved query \*([^*]+)\*", pages))
    assert len(named) >= 6
    assert named <= queries_of(on_aws).keys()


def test_a_query_looks_for_messages_that_the_code_logs(on_aws: dict[str, Any]) -> None:
    code = "".join(
        path.read_text()
        for folder in ("layers/trunkline", "functions")
        for path in (ROOT / folder).rglob("*.py")
    )
    for name, query in queries_of(on_aws).items():
        for message in re.findall(r'message = "([^"]+)"', query["QueryString"]):
            assert f'"{message}"' in code, f"{name}: nothing logs {message!r}"
