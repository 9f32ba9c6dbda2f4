"""Evaluator of CloudWatch alarms: the template's alarms on simulated metrics, minute by minute.

It knows what the templates use: statistics, metric math (IF, FILL, arithmetic), M of N datapoints, and
missing data.
Sources: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html,
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

from __future__ import annotations

import json
import math
import operator
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

Series = Mapping[int, float]
Key = tuple[str, str, frozenset[tuple[str, str]]]

_COMPARE = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
}
_STATISTICS: dict[str, Callable[[list[float]], float]] = {
    "Sum": sum,
    "Maximum": max,
    "Minimum": min,
    "Average": lambda values: sum(values) / len(values),
}


class Metrics:
    """The values of metrics, by minute."""

    def __init__(self) -> None:
        self._values: dict[Key, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
        self.asked: set[Key] = set()

    def add(
        self, minute: int, namespace: str, name: str, dimensions: Mapping[str, Any], *values: float
    ) -> None:
        self._values[_key(namespace, name, dimensions)][minute] += values

    def series(self, metric: Mapping[str, Any], statistic: str, period_s: int) -> dict[int, float]:
        """Return a statistic for each period, by the period's last minute."""
        dimensions = {each["Name"]: each["Value"] for each in metric.get("Dimensions", [])}
        key = _key(metric["Namespace"], metric["MetricName"], dimensions)
        self.asked.add(key)
        minutes, found = period_s // 60, self._values.get(key, {})
        ends = {minute + later for minute in found for later in range(minutes)}
        return {
            end: _statistic(
                statistic, [v for m in range(end - minutes + 1, end + 1) for v in found.get(m, [])]
            )
            for end in ends
        }


def _key(namespace: str, name: str, dimensions: Mapping[str, Any]) -> Key:
    texts = {dimension: json.dumps(value, sort_keys=True) for dimension, value in dimensions.items()}
    return namespace, name, frozenset(texts.items())


def _statistic(name: str, values: list[float]) -> float:
    if name in _STATISTICS:
        return _STATISTICS[name](values)
    percentile = float(name.removeprefix("p")) / 100
    return sorted(values)[max(0, math.ceil(percentile * len(values)) - 1)]


def goes_off(alarm: Mapping[str, Any], metrics: Metrics, minutes: Iterable[int]) -> list[int]:
    """Return the minutes at whose end an alarm is in the state ALARM."""
    series = _series_of(alarm, metrics)
    bad = _COMPARE[alarm["ComparisonOperator"]]
    missing = {"breaching": True, "notBreaching": False}[alarm["TreatMissingData"]]
    looked_at, needed = alarm["EvaluationPeriods"], alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"])

    def is_bad(minute: int) -> bool:
        return bad(series[minute], alarm["Threshold"]) if minute in series else missing

    return [end for end in minutes if sum(is_bad(end - back) for back in range(looked_at)) >= needed]


def _series_of(alarm: Mapping[str, Any], metrics: Metrics) -> Series:
    if "MetricName" in alarm:
        statistic = alarm.get("Statistic") or alarm["ExtendedStatistic"]
        return metrics.series(alarm, statistic, alarm["Period"])
    by_id = {each["Id"]: each for each in alarm["Metrics"]}
    stats = {name: each["MetricStat"] for name, each in by_id.items() if "MetricStat" in each}
    inputs = {
        name: metrics.series(stat["Metric"], stat["Stat"], stat["Period"]) for name, stat in stats.items()
    }
    result = next(each for each in alarm["Metrics"] if each.get("ReturnData", True) and "Expression" in each)
    return _evaluate(result["Expression"], inputs)


def _evaluate(expression: str, inputs: Mapping[str, Series]) -> dict[int, float]:
    """Evaluate an expression at each minute for which one of its metrics has data."""
    found = {}
    for minute in {minute for series in inputs.values() for minute in series}:
        values: dict[str, Any] = {name: series.get(minute) for name, series in inputs.items()}
        values |= {"FILL": lambda value, other: other if value is None else value}
        values["IF"] = lambda condition, then, otherwise: then() if condition else otherwise()
        lazy = re.sub(r"IF\(([^,]+), (.+), (\w+)\)", r"IF(\1, lambda: \2, lambda: \3)", expression)
        try:
            found[minute] = float(eval(lazy, {"__builtins__": {}, **values}))  # noqa: S307 - our own templates
        except TypeError:
            continue  # a metric without data and without FILL: the result has none
    return found
