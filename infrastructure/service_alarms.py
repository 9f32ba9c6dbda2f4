"""Alarms on what AWS measures of the stack: functions, API and table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infrastructure.alarms import MINUTE, alarm, own_metric, sum_of
from infrastructure.python_function import PythonFunction

if TYPE_CHECKING:
    from infrastructure.stack import TrunklineStack

_RECONCILER_SLOW_MS = 45_000
_ACCEPT_SLOW_MS = 3_000
_REPAIRS_LATE_S = 300
_INDEXES = ("open", "calls", "user_calls", "number_calls")
_OPERATIONS = (
    "GetItem",
    "Query",
    "BatchGetItem",
    "PutItem",
    "UpdateItem",
    "DeleteItem",
    "TransactWriteItems",
)


class ServiceAlarms(Construct):
    """Goes off when callers, agents or LiveKit get errors, or wait, because of the stack itself."""

    def __init__(self, stack: TrunklineStack, name: str) -> None:
        super().__init__(stack, name)
        for built in python_functions(stack):
            self._function(built)
        self._reconciler(stack.reconciler.function)
        self._api(stack)
        self._table(stack)

    def _function(self, built: PythonFunction) -> None:
        """Source: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html"""
        function, name = built.function, "".join(word.title() for word in built.package.split("_"))
        alarm(
            self,
            f"{name}Errors",
            function.metric_errors(period=MINUTE),
            threshold=1,
            minutes=(3, 5),
            description=f"{name} fails again and again: it crashes, or runs out of time or memory.",
            runbook="function-errors",
        )
        alarm(
            self,
            f"{name}Throttles",
            function.metric_throttles(period=MINUTE),
            threshold=1,
            minutes=(5, 5),
            description=f"{name} is held back: its concurrency, or the account's, is used up.",
            runbook="function-throttles",
        )

    def _reconciler(self, function: lambda_.Function) -> None:
        alarm(
            self,
            "ReconcilerSilent",
            function.metric_invocations(period=MINUTE),
            threshold=1,
            below=True,
            minutes=(5, 5),
            silence_is_bad=True,
            description="The reconciler has not run for five minutes: nothing is repaired.",
            runbook="reconciler-silent",
        )
        alarm(
            self,
            "ReconcilerSlow",
            function.metric_duration(period=MINUTE, statistic="Maximum"),
            threshold=_RECONCILER_SLOW_MS,
            minutes=(3, 5),
            description="A pass of the reconciler takes almost as long as it may: repairs will be left out.",
            runbook="reconciler-slow",
        )
        alarm(
            self,
            "ReconcilerBehind",
            own_metric(self, "reconciler", "OldestUnchecked", "Maximum"),
            threshold=_REPAIRS_LATE_S,
            minutes=(3, 5),
            description="For five minutes nothing has looked at some trunks or calls: they are not repaired.",
            runbook="reconciler-behind",
        )
        alarm(
            self,
            "RepairsLate",
            own_metric(self, "reconciler", "OldestUnrepaired", "Maximum"),
            threshold=_REPAIRS_LATE_S,
            minutes=(3, 5),
            description="Something has waited for its repair for five minutes, though passes come to it.",
            runbook="repairs-late",
        )

    def _api(self, stack: TrunklineStack) -> None:
        """Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html"""
        api = stack.http.api
        failed, requests = (
            cloudwatch.Metric(
                namespace="AWS/ApiGateway",
                metric_name=metric,
                dimensions_map={"ApiId": api.api_id},
                statistic="Sum",
                period=MINUTE,
            )
            for metric in ("5xx", "Count")
        )
        alarm(
            self,
            "HttpApiErrors",
            cloudwatch.MathExpression(
                # A single failure among three requests is no trouble.
                expression="IF(failed >= 3, 100 * failed / requests, 0)",
                using_metrics={"failed": failed, "requests": requests},
                period=MINUTE,
            ),
            threshold=5,
            minutes=(3, 5),
            description="At least 5 % of all requests to the API end in a server error.",
            runbook="api-errors",
        )
        alarm(
            self,
            "ApiSlow",
            own_metric(self, "api", "AcceptTime", "p99"),
            threshold=_ACCEPT_SLOW_MS,
            minutes=(5, 5),
            description="Accepting a call takes 3 s or more, though not the function's start.",
            runbook="api-slow",
        )

    def _table(self, stack: TrunklineStack) -> None:
        """An alarm on a metric of `AWS/DynamoDB` by itself would ignore missing data, and so never end: these
        metrics exist only while something fails. An expression is another matter. Sources:
        https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html,
        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
        """
        table = {"TableName": stack.data.table.table_name}
        throttles = {"reads": _dynamodb("ReadThrottleEvents", table)}
        throttles["writes"] = _dynamodb("WriteThrottleEvents", table)
        for index in _INDEXES:
            by_index = {**table, "GlobalSecondaryIndexName": index}
            throttles[f"{index}_reads"] = _dynamodb("ReadThrottleEvents", by_index)
            throttles[f"{index}_writes"] = _dynamodb("WriteThrottleEvents", by_index)
        alarm(
            self,
            "TableThrottles",
            sum_of(throttles),
            threshold=10,
            minutes=(3, 5),
            description="DynamoDB throttles the table or an index of it: everything gets slower.",
            runbook="table-throttles",
        )
        errors = {
            f"of_{operation.lower()}": _dynamodb("SystemErrors", {**table, "Operation": operation})
            for operation in _OPERATIONS
        }
        alarm(
            self,
            "TableErrors",
            sum_of(errors),
            threshold=10,
            minutes=(3, 5),
            description="DynamoDB fails (HTTP 500): AWS has trouble, and calls wait.",
            runbook="table-errors",
        )


def python_functions(stack: TrunklineStack) -> list[PythonFunction]:
    """Find every function of the stack."""
    return [node for node in stack.node.find_all() if isinstance(node, PythonFunction)]


def _dynamodb(name: str, dimensions: dict[str, str]) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace="AWS/DynamoDB",
        metric_name=name,
        dimensions_map=dimensions,
        statistic="Sum",
        period=MINUTE,
    )
