"""Metrics: what is measured, and the writer that puts it into the log for CloudWatch.

`docs/metrics.md` explains each one. A metric is counted for its function (`service`), and once more by each
of its dimensions: CloudWatch adds nothing up over dimensions
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#dimension-combinations).
Values of dimensions are bounded, because each combination is a metric that costs 0.30 $ a month.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Lock

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider

NAMESPACE = "Trunkline"
"""Namespace without a deployment; each stage has its own, so that two in one account stay apart."""

_NAMESPACE_VARIABLE = "POWERTOOLS_METRICS_NAMESPACE"
_TRUNKS_VARIABLE = "TRUNK_METRICS"
_TRUNK = "trunk_id"
_MAX_DIMENSION = 64


@dataclass(frozen=True)
class Metric:
    """One metric; `by` names its dimensions besides `service`."""

    name: str
    unit: MetricUnit
    by: tuple[str, ...] = ()


CALLS_ACCEPTED = Metric("CallsAccepted", MetricUnit.Count)
CALLS_REFUSED = Metric("CallsRefused", MetricUnit.Count, ("reason",))
ACCEPT_TIME = Metric("AcceptTime", MetricUnit.Milliseconds)
CALLS_ANSWERED = Metric("CallsAnswered", MetricUnit.Count)
CALLS_ENDED = Metric("CallsEnded", MetricUnit.Count, ("state",))
CALLS_FAILED = Metric("CallsFailed", MetricUnit.Count, ("reason", "sip_status_code"))
TALK_TIME = Metric("TalkTime", MetricUnit.Seconds)
TRUNKS_PAUSED = Metric("TrunksPaused", MetricUnit.Count, ("reason",))

DIAL_STARTS = Metric("DialStarts", MetricUnit.Count, (_TRUNK,))
DIALS_ANSWERED = Metric("DialsAnswered", MetricUnit.Count, (_TRUNK,))
DIALS_TOO_FAST = Metric("DialsTooFast", MetricUnit.Count, (_TRUNK,))
DIALS_BLOCKED = Metric("DialsBlocked", MetricUnit.Count, (_TRUNK,))
DIALS_UNKNOWN = Metric("DialsUnknown", MetricUnit.Count, (_TRUNK,))
POST_TO_INVITE = Metric("PostToInvite", MetricUnit.Milliseconds, (_TRUNK,))
RING_TIME = Metric("RingTime", MetricUnit.Milliseconds)
PACE_USED = Metric("PaceUsed", MetricUnit.Percent, (_TRUNK,))
SLOTS_MISSED = Metric("SlotsMissed", MetricUnit.Count, (_TRUNK,))
UNANSWERED_FOR = Metric("UnansweredFor", MetricUnit.Seconds, (_TRUNK,))
LANE_HANDOVERS = Metric("LaneHandovers", MetricUnit.Count)
LIVEKIT_ERRORS = Metric("LiveKitErrors", MetricUnit.Count, ("code",))
LIVEKIT_REFUSED = Metric("LiveKitRefused", MetricUnit.Count)
LIVEKIT_NOT_CONFIGURED = Metric("LiveKitNotConfigured", MetricUnit.Count)
LIVEKIT_WEBHOOKS = Metric("LiveKitWebhooks", MetricUnit.Count, ("outcome",))

CALLS_WAITING = Metric("CallsWaiting", MetricUnit.Count, (_TRUNK,))
OLDEST_WAITING = Metric("OldestWaiting", MetricUnit.Seconds, (_TRUNK,))
OLDEST_UNSERVED = Metric("OldestUnserved", MetricUnit.Seconds, (_TRUNK,))
REPAIRS = Metric("Repairs", MetricUnit.Count, ("repair",))
OLDEST_UNCHECKED = Metric("OldestUnchecked", MetricUnit.Seconds)
OLDEST_UNREPAIRED = Metric("OldestUnrepaired", MetricUnit.Seconds)
ITEMS_FAILED = Metric("ItemsFailed", MetricUnit.Count)

DELIVERY_ATTEMPTS = Metric("DeliveryAttempts", MetricUnit.Count, ("outcome",))
DELIVERY_AGE = Metric("DeliveryAge", MetricUnit.Milliseconds)
DELIVERIES_GIVEN_UP = Metric("DeliveriesGivenUp", MetricUnit.Count, ("reason",))

TOOL_INVOCATIONS = Metric("ToolInvocations", MetricUnit.Count, ("outcome",))
TOOL_FAILURES = Metric("ToolFailures", MetricUnit.Count)
TOOL_LATENCY = Metric("ToolLatency", MetricUnit.Milliseconds)

BATCH_JOBS = Metric("BatchJobs", MetricUnit.Count, ("work",))
BATCH_JOBS_GIVEN_UP = Metric("BatchJobsGivenUp", MetricUnit.Count)
BATCH_ROWS = Metric("BatchRows", MetricUnit.Count, ("outcome",))

METRICS = {metric.name: metric for metric in list(globals().values()) if isinstance(metric, Metric)}
"""Every metric, by its name."""


def namespace() -> str:
    """Return the namespace of this deployment's metrics."""
    return os.environ.get(_NAMESPACE_VARIABLE) or NAMESPACE


class UndeclaredDimension(ValueError):
    """A value was given for a dimension that the metric does not have."""


_Dimensions = tuple[tuple[str, str], ...]


@dataclass
class MetricWriter:
    """Collects the values of one function, and writes them as one line for each combination of dimensions.

    Counts are added up; of anything else each value is kept, so that CloudWatch can compute percentiles. A
    line has at most a hundred of them; then another one begins. Other threads may add values. Source:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    """

    service: str
    _counts: dict[tuple[_Dimensions, Metric], float] = field(default_factory=dict)
    _values: dict[tuple[_Dimensions, Metric], list[float]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def add(self, metric: Metric, value: float = 1, **by: object) -> None:
        """Add a value; a dimension that is None or empty is left out.

        Raises:
            UndeclaredDimension: the metric has no such dimension.
        """
        if undeclared := set(by) - set(metric.by):
            raise UndeclaredDimension(f"{metric.name} by {', '.join(sorted(undeclared))}")
        key = (tuple(sorted(_known(by))), metric)
        with self._lock:
            if metric.unit is MetricUnit.Count:
                self._counts[key] = self._counts.get(key, 0) + value
                return
            self._values.setdefault(key, []).append(value)

    def flush(self) -> None:
        """Write what was collected, if anything was."""
        with self._lock:
            collected = [(key, [value]) for key, value in self._counts.items()]
            collected += list(self._values.items())
            self._counts, self._values = {}, {}
        lines: dict[_Dimensions, AmazonCloudWatchEMFProvider] = {}
        for (dimensions, metric), values in collected:
            line = lines.get(dimensions) or lines.setdefault(dimensions, self._line(dimensions))
            for value in values:
                line.add_metric(metric.name, metric.unit, value)
        for line in lines.values():
            if line.metric_set:  # the hundredth value has written a line by itself
                line.flush_metrics()

    def _line(self, dimensions: _Dimensions) -> AmazonCloudWatchEMFProvider:
        line = AmazonCloudWatchEMFProvider(namespace=namespace(), service=self.service)
        line.add_dimension("service", self.service)
        for name, value in dimensions:
            line.add_dimensions(service=self.service, **{name: value})
        return line


def _known(by: dict[str, object]) -> Iterator[tuple[str, str]]:
    for name, value in by.items():
        text = "" if value is None else str(value)[:_MAX_DIMENSION]
        is_counted = name != _TRUNK or os.environ.get(_TRUNKS_VARIABLE) == "on"
        if text and is_counted:
            yield name, text
