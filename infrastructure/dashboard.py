"""The dashboard of a stage: alarms, calls, trunks, webhooks, and what carries them.

It has no widget that queries logs: each view would scan and cost. Limits: 500 widgets, 500 metrics in one,
2,500 in all (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infrastructure.alarms import MINUTE, own_metric
from infrastructure.python_function import metrics_namespace
from infrastructure.service_alarms import python_functions

if TYPE_CHECKING:
    from infrastructure.stack import TrunklineStack

_HALF, _HEIGHT = 12, 6
_ALARMS_HEIGHT = 8


class StageDashboard(Construct):
    """Shows a stage on one page; it is named after the stack."""

    def __init__(self, stack: TrunklineStack, name: str) -> None:
        super().__init__(stack, name)
        self._namespace = metrics_namespace(stack.settings.name)
        cloudwatch.Dashboard(
            self,
            "Dashboard",
            dashboard_name=stack.stack_name,
            default_interval=Duration.hours(3),
            widgets=[
                [self._alarms(stack)],
                [self._calls(), self._failures()],
                [self._waiting(), self._dialling()],
                [
                    self._by_trunk("PaceUsed", "dialer", "Average"),
                    self._by_trunk("OldestWaiting", "reconciler", "Maximum"),
                ],
                [self._times(), self._livekit()],
                [self._webhooks(), self._tools_and_batches()],
                [self._functions(stack, "Errors"), self._functions(stack, "ConcurrentExecutions", "Maximum")],
                [self._functions(stack, "Throttles"), self._repairs()],
            ],
        )

    def _alarms(self, stack: TrunklineStack) -> cloudwatch.IWidget:
        alarms = [node for node in stack.node.find_all() if isinstance(node, cloudwatch.Alarm)]
        return cloudwatch.AlarmStatusWidget(
            title="Alarms",
            alarms=alarms,
            sort_by=cloudwatch.AlarmStatusWidgetSortBy.STATE_UPDATED_TIMESTAMP,
            width=2 * _HALF,
            height=_ALARMS_HEIGHT,
        )

    def _calls(self) -> cloudwatch.IWidget:
        counted = ("CallsAccepted", "CallsAnswered", "CallsEnded", "CallsFailed")
        return _graph("Calls", [own_metric(self, "event_fanout", name, "Sum") for name in counted])

    def _failures(self) -> cloudwatch.IWidget:
        return self._search("Failures by reason", "CallsFailed", "event_fanout", "reason", "Sum")

    def _waiting(self) -> cloudwatch.IWidget:
        unserved = own_metric(self, "reconciler", "OldestUnserved", "Maximum")
        return cloudwatch.GraphWidget(
            title="Calls waiting, and for how long no dialer served them (s)",
            left=[own_metric(self, "reconciler", "CallsWaiting", "Sum")],
            right=[unserved],
            width=_HALF,
            height=_HEIGHT,
        )

    def _dialling(self) -> cloudwatch.IWidget:
        counted = (
            "DialStarts",
            "DialsAnswered",
            "DialsTooFast",
            "DialsUnknown",
            "SlotsMissed",
            "LaneHandovers",
        )
        return _graph("Dialling", [own_metric(self, "dialer", name, "Sum") for name in counted])

    def _by_trunk(self, metric: str, service: str, statistic: str) -> cloudwatch.IWidget:
        return self._search(f"{metric} by trunk", metric, service, "trunk_id", statistic)

    def _times(self) -> cloudwatch.IWidget:
        times = [own_metric(self, "dialer", "PostToInvite", statistic) for statistic in ("p50", "p99")]
        times.append(own_metric(self, "dialer", "RingTime", "p50"))
        times.append(own_metric(self, "api", "AcceptTime", "p99"))
        return _graph("Times (ms)", times)

    def _livekit(self) -> cloudwatch.IWidget:
        return _graph(
            "LiveKit",
            [
                own_metric(self, "dialer", "LiveKitErrors", "Sum"),
                own_metric(self, "dialer", "LiveKitRefused", "Sum"),
                own_metric(self, "livekit_webhook", "LiveKitWebhooks", "Sum"),
            ],
        )

    def _webhooks(self) -> cloudwatch.IWidget:
        return self._search("Webhooks", "DeliveryAttempts", "webhook_deliver", "outcome", "Sum")

    def _tools_and_batches(self) -> cloudwatch.IWidget:
        return _graph(
            "Tools and batches",
            [
                own_metric(self, "agent_api", "ToolInvocations", "Sum"),
                own_metric(self, "agent_api", "ToolFailures", "Sum"),
                own_metric(self, "batches", "BatchRows", "Sum"),
                own_metric(self, "batches", "BatchJobsGivenUp", "Sum"),
            ],
        )

    def _functions(self, stack: TrunklineStack, metric: str, statistic: str = "Sum") -> cloudwatch.IWidget:
        metrics = [
            built.function.metric(metric, statistic=statistic, period=MINUTE, label=built.package)
            for built in python_functions(stack)
        ]
        return _graph(metric, metrics)

    def _repairs(self) -> cloudwatch.IWidget:
        return self._search("Repairs", "Repairs", "reconciler", "repair", "Sum")

    def _search(
        self, title: str, metric: str, service: str, dimension: str, statistic: str
    ) -> cloudwatch.IWidget:
        """Show whatever values a dimension has; a graph shows a hundred of them at most. Source:
        https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html"""
        schema = f"{{{self._namespace},service,{dimension}}}"
        query = f'{schema} MetricName="{metric}" service="{service}"'
        expression = cloudwatch.MathExpression(
            expression=f"SEARCH('{query}', '{statistic}', 60)", using_metrics={}, label="", period=MINUTE
        )
        return _graph(title, [expression])


def _graph(
    title: str, metrics: list[cloudwatch.Metric] | list[cloudwatch.MathExpression]
) -> cloudwatch.IWidget:
    return cloudwatch.GraphWidget(title=title, left=[*metrics], width=_HALF, height=_HEIGHT)
