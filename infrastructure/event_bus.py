"""The deployment's event bus: what Trunkline tells its team's services, and what they tell it."""

from __future__ import annotations

from aws_cdk import Acknowledgment, Duration, Validations
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infrastructure.alarms import dead_letters

TRIGGER = "trunkline_trigger_id"


class EventBus(Construct):
    """The bus; an event whose detail names a trigger starts that trigger's call."""

    def __init__(self, scope: Construct, name: str, bus_name: str) -> None:
        super().__init__(scope, name)
        self.bus = events.EventBus(self, "Bus", event_bus_name=bus_name)
        self.dead_letters = dead_letters(
            self, None, "Events of the bus started no call, though tried for a day: look at the letters."
        )
        reason = "It is where the bus's dead letters go; an alarm watches it."
        Validations.of(self.dead_letters).acknowledge(
            Acknowledgment(id="AwsSolutions::AwsSolutions-SQS3", reason=reason)
        )

    def start_calls_with(self, function: lambda_.Function) -> None:
        """Have a function take the events that name a trigger, tried again for a day."""
        named = events.EventPattern(detail={TRIGGER: events.Match.exists()})
        target = targets.LambdaFunction(
            function,
            dead_letter_queue=self.dead_letters,
            max_event_age=Duration.hours(24),
            retry_attempts=185,
        )
        events.Rule(self, "Triggers", event_bus=self.bus, event_pattern=named, targets=[target])
