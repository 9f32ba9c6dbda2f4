"""The planner of repairs and the function that does its tasks: what each may do, and what bounds them."""

from __future__ import annotations

from typing import Any

from infrastructure.settings import StageSettings
from tests.infrastructure.templates import (
    actions_of,
    event_sources,
    function_behind,
    names_in,
    package_of,
    resources,
    statements_of,
)


def _source_of(template: dict[str, Any]) -> dict[str, Any]:
    functions = resources(template, "AWS::Lambda::Function")
    (source,) = (
        each
        for function, _, each in event_sources(template)
        if package_of(functions[function]) == "call_reconciler"
    )
    return source


def _sends_to(template: dict[str, Any], package: str) -> set[str]:
    return {
        target[:-8]
        for statement in statements_of(template, package)
        if "sqs:SendMessage" in statement["Action"]
        for target in names_in(statement["Resource"])
    }


def test_a_task_is_one_message_and_tasks_at_once_are_bounded(
    template: dict[str, Any], settings: StageSettings
) -> None:
    source = _source_of(template)
    assert source["BatchSize"] == 1
    assert source["ScalingConfig"] == {"MaximumConcurrency": settings.repair_tasks_at_once}


def test_a_task_that_fails_again_and_again_is_put_away_and_is_never_done_twice_at_once(
    template: dict[str, Any],
) -> None:
    queues = resources(template, "AWS::SQS::Queue")
    (queue,) = (queues[name] for name in names_in(_source_of(template)["EventSourceArn"]))
    assert queue["RedrivePolicy"]["maxReceiveCount"] >= 5, "a task that Lambda throttles counts as received"
    functions = resources(template, "AWS::Lambda::Function").values()
    (worker,) = (each for each in functions if package_of(each) == "call_reconciler")
    assert queue["VisibilityTimeout"] > worker["Timeout"]
    assert worker["Timeout"] < 60, "a task ends before the next minute's pass is planned"


def test_the_planner_needs_no_livekit_and_wakes_no_dialer(template: dict[str, Any]) -> None:
    assert "secretsmanager:GetSecretValue" not in actions_of(template, "reconciler")
    assert _sends_to(template, "reconciler") == {"RepairsQueue"}


def test_tasks_start_no_delivery_no_batch_and_no_schedule(template: dict[str, Any]) -> None:
    allowed = actions_of(template, "call-reconciler")
    assert not {action for action in allowed if action.startswith(("states:", "scheduler:", "s3:"))}
    queues = {"RepairsQueue", "DialQueue", "TestDialQueue", "CallChecksQueue"}
    assert _sends_to(template, "call-reconciler") == queues


def test_the_rule_plans_by_the_alias(template: dict[str, Any]) -> None:
    (rule,) = (
        each for each in resources(template, "AWS::Events::Rule").values() if "ScheduleExpression" in each
    )
    (target,) = rule["Targets"]
    function = function_behind(template, target["Arn"])
    assert package_of(resources(template, "AWS::Lambda::Function")[function]) == "reconciler"


def test_a_pass_that_fails_or_waits_makes_way_for_the_next(template: dict[str, Any]) -> None:
    """Lambda would try it twice more, or for six hours: old passes would take the turns of new ones."""
    (config,) = resources(template, "AWS::Lambda::EventInvokeConfig").values()
    (alias,) = names_in(config["Qualifier"])
    assert alias in resources(template, "AWS::Lambda::Alias"), "the rule invokes the alias"
    function = function_behind(template, config["Qualifier"])
    assert package_of(resources(template, "AWS::Lambda::Function")[function]) == "reconciler"
    assert (config["MaximumRetryAttempts"], config["MaximumEventAgeInSeconds"]) == (0, 60)
