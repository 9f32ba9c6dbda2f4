"""Alarms tried on simulated metrics: a healthy busy stack sets none off, and each fault the right ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.infrastructure.conftest import Synthesized
from tests.infrastructure.templates import resources
from tests.support.alarm_evaluator import Metrics, goes_off

_HOUR = range(60)
_FAULT = range(30, 60)
Template = dict[str, Any]
Fault = Callable[["World"], None]


class World:
    """What CloudWatch sees of a stack in an hour."""

    def __init__(self, template: Template) -> None:
        self.template = template
        self.metrics = Metrics()
        self.functions = {
            str(each["FunctionName"]).split("-", 2)[2]: {"Ref": name}
            for name, each in resources(template, "AWS::Lambda::Function").items()
        }

    def own(self, minutes: range, service: str, name: str, *values: float, **dimensions: str) -> None:
        """Write a metric of our own, for the service and for each dimension."""
        for minute in minutes:
            for by in ({}, *({key: value} for key, value in dimensions.items())):
                self.metrics.add(minute, "Trunkline/prod", name, {"service": service, **by}, *values)

    def function(self, minutes: range, package: str, name: str, *values: float) -> None:
        for minute in minutes:
            dimensions = {"FunctionName": self.functions[package]}
            self.metrics.add(minute, "AWS/Lambda", name, dimensions, *values)

    def api(self, minutes: range, requests: int, failed: int) -> None:
        api = {"Ref": next(iter(resources(self.template, "AWS::ApiGatewayV2::Api")))}
        for minute in minutes:
            self.metrics.add(minute, "AWS/ApiGateway", "Count", {"ApiId": api}, requests)
            self.metrics.add(minute, "AWS/ApiGateway", "5xx", {"ApiId": api}, failed)

    def table(self, minutes: range, name: str, value: float, **dimensions: str) -> None:
        table = {"Ref": next(iter(resources(self.template, "AWS::DynamoDB::Table")))}
        for minute in minutes:
            self.metrics.add(minute, "AWS/DynamoDB", name, {"TableName": table, **dimensions}, value)

    def queue(self, minutes: range, queue: str, name: str, value: float) -> None:
        queues = resources(self.template, "AWS::SQS::Queue")
        for logical_id in [found for found in queues if found[:-8] == queue]:
            dimensions = {"QueueName": {"Fn::GetAtt": [logical_id, "QueueName"]}}
            for minute in minutes:
                self.metrics.add(minute, "AWS/SQS", name, dimensions, value)

    def machine(self, minutes: range, name: str, value: float) -> None:
        for logical_id in resources(self.template, "AWS::StepFunctions::StateMachine"):
            for minute in minutes:
                self.metrics.add(minute, "AWS/States", name, {"StateMachineArn": {"Ref": logical_id}}, value)

    def alarms(self) -> set[str]:
        """Return the alarms that go off within the hour, by the beginning of their logical ids."""
        found = resources(self.template, "AWS::CloudWatch::Alarm").items()
        return {name[:-8] for name, alarm in found if goes_off(alarm, self.metrics, range(15, 60))}


def healthy(world: World) -> None:
    """A busy hour: 50 trunks dial all the time, each at its pace; some calls fail, some endpoints, too."""
    for package in world.functions:
        world.function(_HOUR, package, "Invocations", 600)
        world.function(_HOUR, package, "Errors", 0)
        world.function(_HOUR, package, "Throttles", 0)
    world.function(_HOUR, "reconciler", "Duration", 9_000, 21_000)
    world.function(range(20, 22), "api", "Errors", 1)
    world.function(range(40, 43), "webhook-deliver", "Throttles", 3)
    world.function(_HOUR, "event-fanout", "IteratorAge", 200, 2_500)
    world.function(range(25, 26), "event-fanout", "IteratorAge", 70_000)
    world.api(_HOUR, requests=6_000, failed=2)
    world.own(_HOUR, "api", "AcceptTime", *[40] * 99, 900)
    world.own(_HOUR, "api", "CallsRefused", 40, reason="number_suppressed")
    world.table(range(10, 12), "WriteThrottleEvents", 30)
    # A wake stays in its queue while its run lasts, and a run hands over to the next.
    world.queue(_HOUR, "DialQueue", "ApproximateAgeOfOldestMessage", 245)
    # Every lane hands over now and then: it is free for some seconds, and its line is long.
    world.own(_HOUR, "reconciler", "CallsWaiting", *[900.0] * 50)
    world.own(_HOUR, "reconciler", "OldestWaiting", *[2_700.0] * 50)
    world.own(_HOUR, "reconciler", "OldestUnserved", *[0.0] * 48, 4.9, 115)
    # A look is a minute old when the next one is planned; one long lane was walked for two.
    world.own(_HOUR, "reconciler", "OldestUnchecked", 61)
    world.own(range(20, 22), "reconciler", "OldestUnchecked", 130)
    world.own(_HOUR, "reconciler", "OldestUnrepaired", *[0.0] * 9, 74)
    world.own(range(50, 52), "reconciler", "OldestUnrepaired", 400)
    world.own(_HOUR, "dialer", "PaceUsed", *[97.0] * 49, 91.5)
    world.own(range(33, 34), "dialer", "PaceUsed", 12)
    world.own(_HOUR, "dialer", "UnansweredFor", *[0.0] * 49, 300)
    world.own(_HOUR, "dialer", "LiveKitErrors", 2, code="unavailable")
    world.own(_HOUR, "event_fanout", "TrunksPaused", 1, reason="paused_by_request")
    world.own(_HOUR, "webhook_deliver", "DeliveryAttempts", 400, outcome="succeeded")
    world.own(_HOUR, "webhook_deliver", "DeliveryAttempts", 100, outcome="retry")
    world.own(range(5, 8), "webhook_deliver", "DeliveriesGivenUp", 1, reason="attempts_exhausted")
    world.own(_HOUR, "webhook_deliver", "DeliveriesGivenUp", 9, reason="endpoint_disabled")


FAULTS: dict[str, tuple[Fault, set[str]]] = {
    "a dialer that crashes": (
        lambda world: world.function(_FAULT, "dialer", "Errors", 4),
        {"ServiceAlarmsDialerErrors"},
    ),
    "an account out of concurrency": (
        lambda world: world.function(_FAULT, "livekit-webhook", "Throttles", 50),
        {"ServiceAlarmsLivekitWebhookThrottles"},
    ),
    "a reconciler that takes too long": (
        lambda world: world.function(_FAULT, "reconciler", "Duration", 52_000),
        {"ServiceAlarmsReconcilerSlow"},
    ),
    "trunks that nothing looks at": (
        lambda world: world.own(_FAULT, "reconciler", "OldestUnchecked", 310),
        {"ServiceAlarmsReconcilerBehind"},
    ),
    "a call that passes cannot end": (
        lambda world: world.own(_FAULT, "reconciler", "OldestUnrepaired", 900),
        {"ServiceAlarmsRepairsLate"},
    ),
    "an API that fails for one of ten": (
        lambda world: world.api(_FAULT, requests=6_000, failed=1_200),
        {"ServiceAlarmsHttpApiErrors", "ApiShiftFailuresAlarm"},
    ),
    "a new version of the API that fails at its tenth of the requests, for a third of them": (
        lambda world: world.api(_FAULT, requests=6_000, failed=400),
        {"ApiShiftFailuresAlarm"},
    ),
    "an API that is slow for one of fifty": (
        lambda world: world.own(_FAULT, "api", "AcceptTime", *[4_000] * 3),
        {"ServiceAlarmsApiSlow"},
    ),
    "an index that is throttled": (
        lambda world: world.table(_FAULT, "WriteThrottleEvents", 80, GlobalSecondaryIndexName="open"),
        {"ServiceAlarmsTableThrottles"},
    ),
    "a DynamoDB that fails": (
        lambda world: world.table(_FAULT, "SystemErrors", 40, Operation="TransactWriteItems"),
        {"ServiceAlarmsTableErrors"},
    ),
    "an item that cannot be read": (
        lambda world: world.own(_FAULT, "reconciler", "ItemsFailed", 1),
        {"ReconcilerItemsFailedAlarm"},
    ),
    "a LiveKit that refuses": (
        lambda world: world.own(_FAULT, "dialer", "LiveKitRefused", 1),
        {"DialerLiveKitRefusedAlarm"},
    ),
    "a secret that is missing, seen by the API alone": (
        lambda world: world.own(_FAULT, "api", "LiveKitNotConfigured", 3),
        {"CallAlarmsLiveKitNotConfigured"},
    ),
    "a secret that is missing, seen by the dialer alone": (
        lambda world: world.own(_FAULT, "dialer", "LiveKitNotConfigured", 1),
        {"CallAlarmsLiveKitNotConfigured"},
    ),
    "a LiveKit that is down": (
        lambda world: world.own(_FAULT, "dialer", "LiveKitErrors", 60, code="no_answer"),
        {"CallAlarmsLiveKitErrors"},
    ),
    "a carrier that fails": (
        lambda world: world.own(_FAULT, "event_fanout", "TrunksPaused", 1, reason="carrier_failing"),
        {"CallAlarmsTrunkPaused"},
    ),
    "too few lanes": (
        lambda world: world.own(_FAULT, "reconciler", "OldestUnserved", 400),
        {"CallAlarmsCallsUnserved"},
    ),
    "a wake that nobody takes": (
        lambda world: world.queue(_FAULT, "DialQueue", "ApproximateAgeOfOldestMessage", 700),
        {"DialQueueOldestWakeAlarm"},
    ),
    "a trunk below its budget": (
        lambda world: world.own(_FAULT, "dialer", "PaceUsed", 20),
        {"CallAlarmsPaceBelowBudget"},
    ),
    "a trunk on which nobody answers": (
        lambda world: world.own(_FAULT, "dialer", "UnansweredFor", 1_200),
        {"CallAlarmsNobodyAnswers"},
    ),
    "a function that cannot reach the internet": (
        lambda world: world.own(_FAULT, "webhook_deliver", "DeliveryAttempts", 900, outcome="retry"),
        {"CallAlarmsDeliveriesFailing"},
    ),
    "an endpoint that is down for a day": (
        lambda world: world.own(
            _FAULT, "webhook_deliver", "DeliveriesGivenUp", 2, reason="attempts_exhausted"
        ),
        {"CallAlarmsDeliveriesGivenUp"},
    ),
    "a fan-out that falls behind": (
        lambda world: world.function(_FAULT, "event-fanout", "IteratorAge", 90_000),
        {"EventsFanoutBehindAlarm"},
    ),
    "a letter that is dead": (
        lambda world: world.queue(
            range(30, 31), "SchedulesDeadLetters", "ApproximateNumberOfMessagesVisible", 1
        ),
        {"SchedulesDeadLettersAlarm"},
    ),
    "a batch that fails": (
        lambda world: world.machine(range(30, 31), "ExecutionsFailed", 1),
        {"BatchesFlowFailedAlarm"},
    ),
}


@pytest.fixture
def prod(synthesized: Synthesized) -> Template:
    return synthesized("prod")


def test_a_healthy_busy_stack_sets_no_alarm_off(prod: Template) -> None:
    world = World(prod)
    healthy(world)
    assert world.alarms() == set()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_sets_its_alarm_off_and_no_other(prod: Template, fault: str) -> None:
    world = World(prod)
    healthy(world)
    happens, expected = FAULTS[fault]
    happens(world)
    assert world.alarms() == expected


def test_a_reconciler_that_does_not_run_sets_its_alarm_off(prod: Template) -> None:
    world = World(prod)
    for package in world.functions:
        world.function(range(30) if package == "reconciler" else _HOUR, package, "Invocations", 1)
    assert world.alarms() == {"ServiceAlarmsReconcilerSilent"}


def test_an_idle_stack_sets_no_alarm_off(prod: Template) -> None:
    world = World(prod)
    world.function(_HOUR, "reconciler", "Invocations", 1)
    assert world.alarms() == set()


def test_a_fault_that_is_over_ends_its_alarm(prod: Template) -> None:
    """An alarm on a metric of DynamoDB by itself would go on for ever: it ignores missing data."""
    world = World(prod)
    world.function(_HOUR, "reconciler", "Invocations", 1)
    world.table(range(20, 30), "SystemErrors", 40, Operation="Query")
    alarms = resources(prod, "AWS::CloudWatch::Alarm")
    alarm = next(each for name, each in alarms.items() if "TableErrors" in name)
    minutes = goes_off(alarm, world.metrics, _HOUR)
    assert minutes[0] <= 24
    assert minutes[-1] < 35
    assert "MetricName" not in alarm


def test_each_alarm_is_tried_by_a_fault_or_is_of_a_kind_that_is(prod: Template) -> None:
    tried = {name for _, expected in FAULTS.values() for name in expected} | {"ServiceAlarmsReconcilerSilent"}
    kinds = ("Errors", "Throttles", "CrashesAlarm", "ItemsFailedAlarm", "DeadLettersAlarm", "OldestWakeAlarm")
    untried = {name[:-8] for name in resources(prod, "AWS::CloudWatch::Alarm")} - tried
    assert [name for name in untried if not name.endswith(kinds)] == []
