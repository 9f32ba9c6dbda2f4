"""Functions whose messages lead back to them: Lambda's recursion guard must let them.

Lambda follows a chain of invocations through SQS, SNS, S3 and Lambda itself, and stops a function that one
event has invoked about 16 times: https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html.
A chain goes on wherever a role may send to what triggers a function.
"""

from __future__ import annotations

from typing import Any

from tests.infrastructure.templates import (
    actions_in,
    event_sources,
    function_behind,
    names_in,
    package_of,
    resources,
)

SENDS = {
    "sqs:SendMessage",
    "sns:Publish",
    "s3:PutObject",
    "lambda:InvokeFunction",
    "lambda:InvokeAsync",
}


def _triggers(template: dict[str, Any]) -> dict[str, set[str]]:
    """Which functions something triggers: a queue, a topic, a bucket, or the function that is invoked."""
    found: dict[str, set[str]] = {}
    for function, source, _ in event_sources(template):
        found.setdefault(source, set()).add(function)
    kinds = {name: each["Type"] for name, each in template["Resources"].items()}
    for name, each in template["Resources"].items():
        properties = each.get("Properties", {})
        if each["Type"] == "AWS::SNS::Subscription" and properties.get("Protocol") == "lambda":
            found.setdefault(min(names_in(properties["TopicArn"])), set()).add(
                function_behind(template, properties["Endpoint"])
            )
        if each["Type"] == "AWS::S3::Bucket" and "NotificationConfiguration" in properties:
            targets = names_in(properties["NotificationConfiguration"])
            found.setdefault(name, set()).update(
                target for target in targets if kinds[target].startswith("AWS::Lambda")
            )
        if each["Type"].startswith("AWS::Lambda::") and each["Type"].split("::")[-1] in (
            "Function",
            "Alias",
            "Version",
        ):
            found.setdefault(name, set()).add(function_behind(template, {"Ref": name}))
    return found


def _next_functions(template: dict[str, Any]) -> dict[str, set[str]]:
    """Which functions each function can start by what its role may send."""
    triggers, policies = _triggers(template), resources(template, "AWS::IAM::Policy").values()
    found: dict[str, set[str]] = {}
    for name, each in resources(template, "AWS::Lambda::Function").items():
        role = each["Role"]["Fn::GetAtt"][0]
        statements = [
            statement
            for policy in policies
            if {"Ref": role} in policy["Roles"]
            for statement in policy["PolicyDocument"]["Statement"]
        ]
        sent_to = {
            target
            for statement in statements
            if actions_in(statement) & SENDS
            for target in names_in(statement["Resource"])
        }
        found[name] = {started for target in sent_to for started in triggers.get(target, set())}
    return found


def _in_a_cycle(edges: dict[str, set[str]]) -> set[str]:
    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        to_look_at = list(edges[start])
        while to_look_at:
            name = to_look_at.pop()
            if name not in seen:
                seen.add(name)
                to_look_at.extend(edges.get(name, ()))
        return seen

    return {name for name in edges if name in reached(name)}


def test_each_function_in_a_cycle_may_call_itself_and_no_other(template: dict[str, Any]) -> None:
    functions = resources(template, "AWS::Lambda::Function")
    cycles = {package_of(functions[name]) for name in _in_a_cycle(_next_functions(template))}
    assert {"dialer", "test_dialer"} <= cycles, "a run hands its lane over by the queue that started it"
    allowed = {package_of(each) for each in functions.values() if each.get("RecursiveLoop") == "Allow"}
    assert allowed == cycles


def test_the_reconciler_plans_and_no_task_leads_back_to_it(template: dict[str, Any]) -> None:
    names = {name: package_of(each) for name, each in resources(template, "AWS::Lambda::Function").items()}
    edges = {
        names[name]: {names[started] for started in found}
        for name, found in _next_functions(template).items()
        if name in names
    }
    assert edges["reconciler"] == {"call_reconciler"}
    assert edges["call_reconciler"] == {"call_reconciler", "dialer", "test_dialer", "call_check"}
    assert not any("reconciler" in found for found in edges.values())


def test_a_cycle_by_way_of_others_is_found() -> None:
    edges = {"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}, "e": {"e"}, "f": set()}
    assert _in_a_cycle(edges) == {"a", "b", "c", "e"}
