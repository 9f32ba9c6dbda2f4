"""The deployment's event bus: what Trunkline tells its team's services, and what they tell it."""

from __future__ import annotations

from aws_cdk import Acknowledgment, Duration, Validations
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from infrastructure.alarms import dead_letters
from infrastructure.python_function import PythonFunction
from infrastructure.queues import serve_queue, work_queue

TRIGGER = "trunkline_trigger_id"
_VISIBILITY_S = 180
_MAX_RECEIVES = 480
"""An event that fails is tried again every three minutes for a day."""


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

    def start_calls_with(self, function: PythonFunction, at_once: int) -> None:
        """Have a function take the events that name a trigger, by a queue that tries each again for a day.

        `at_once` of them are handled at once: a flood takes no more of the API.

        A rule would invoke the function asynchronously: Lambda then tries an event that fails twice more, and
        drops it after three minutes. Source:
        https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
        """
        queue = work_queue(
            self,
            "Events",
            key=None,
            letters=self.dead_letters,
            visibility_s=_VISIBILITY_S,
            max_receives=_MAX_RECEIVES,
            retention=Duration.days(2),
        )
        named = events.EventPattern(detail={TRIGGER: events.Match.exists()})
        target = targets.SqsQueue(queue, dead_letter_queue=self.dead_letters)
        events.Rule(self, "Triggers", event_bus=self.bus, event_pattern=named, targets=[target])
        serve_queue(function, queue, at_once)
