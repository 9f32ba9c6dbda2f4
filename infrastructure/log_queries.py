"""Saved queries of CloudWatch Logs Insights, for the questions that runbooks ask.

Every line about a call has its `call_id`, so that one query shows a call through all functions.
Fifty log groups are the most of a query:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_logs as logs
from constructs import Construct

from infrastructure.service_alarms import python_functions

if TYPE_CHECKING:
    from infrastructure.stack import TrunklineStack

QUERIES: dict[str, tuple[tuple[str, ...], list[str], str]] = {
    "one call": (
        (),
        ["service", "level", "message", "trace_id", "status", "result", "cause"],
        'call_id = "CALL-ID" or item_id = "CALL-ID"',
    ),
    "one trace": ((), ["service", "level", "message", "call_id"], 'trace_id = "TRACE-ID"'),
    "errors": ((), ["service", "message", "call_id", "exception_name", "exception"], 'level = "ERROR"'),
    "requests that failed": (
        ("api", "agent_api"),
        ["service", "method", "path", "status", "tenant_id", "request_id"],
        "status >= 500",
    ),
    "items that failed": ((), ["service", "kind", "item_id", "cause"], 'message = "item failed"'),
    "trunks that were paused": (("dialer",), ["trunk_id", "reason", "trips"], 'message = "trunk paused"'),
    "wakes": (("dialer",), ["trunk_id", "stop"], 'message = "wake served"'),
    "failed deliveries": (
        ("webhook_deliver",),
        ["tenant_id", "delivery_id", "call_id", "number", "outcome", "status", "error"],
        'message = "attempt" and outcome != "succeeded"',
    ),
    "deliveries given up": (
        ("webhook_deliver",),
        ["tenant_id", "delivery_id", "call_id", "status", "error"],
        'message = "attempt" and outcome in ["failed", "gone"]',
    ),
}
"""Functions whose logs are read (none: all), the fields that are shown, and what is looked for."""


class LogQueries(Construct):
    """The queries, in a folder that is named after the stack."""

    def __init__(self, stack: TrunklineStack, name: str) -> None:
        super().__init__(stack, name)
        groups = {built.package: built.log_group for built in python_functions(stack)}
        for title, (packages, fields, condition) in QUERIES.items():
            logs.QueryDefinition(
                self,
                "".join(word.title() for word in title.split()),
                query_definition_name=f"{stack.stack_name}/{title}",
                query_string=logs.QueryString(
                    fields=["@timestamp", *fields],
                    filter_statements=[condition],
                    sort="@timestamp desc" if title != "one call" else "@timestamp asc",
                    limit=1000,
                ),
                log_groups=[groups[package] for package in packages or groups],
            )
