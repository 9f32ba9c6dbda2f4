"""Tenants' schedules: their group in EventBridge Scheduler, and the queue that their ticks come by."""

from __future__ import annotations

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from infrastructure import permissions as may
from infrastructure.alarms import dead_letters
from infrastructure.python_function import PythonFunction
from infrastructure.queues import serve_queue, work_queue

_VISIBILITY_S = 180
_MAX_RECEIVES = 20


class Schedules(Construct):
    """A tick that fails is tried again every three minutes for an hour, then put aside.

    The group goes with the stack, and its schedules with it: the table has them, and the reconciler makes
    them anew in a stack that adopts the table.
    """

    def __init__(self, scope: Construct, name: str, key: kms.IKey) -> None:
        super().__init__(scope, name)
        # CloudFormation names it: CDK's own construct would fix the name, and a second stack find it taken.
        self.group = scheduler.CfnScheduleGroup(self, "Group")
        self.group.apply_removal_policy(RemovalPolicy.DESTROY)
        self.group_name = self.group.ref
        self.dead_letters = dead_letters(
            self, key, "Moments of schedules made no call, though tried for an hour: look at the letters."
        )
        self.ticks = work_queue(
            self,
            "Ticks",
            key=key,
            letters=self.dead_letters,
            visibility_s=_VISIBILITY_S,
            max_receives=_MAX_RECEIVES,
            retention=Duration.days(1),
        )
        ours_alone = {"StringEquals": {"aws:SourceAccount": Stack.of(self).account}}
        principal = iam.ServicePrincipal("scheduler.amazonaws.com", conditions=ours_alone)
        self.role = iam.Role(self, "Role", assumed_by=principal)
        may.may_wake(self.role, self.ticks)

    def environment(self) -> dict[str, str]:
        """What a function that keeps schedules is told."""
        return {
            "SCHEDULE_GROUP": self.group_name,
            "SCHEDULE_QUEUE_ARN": self.ticks.queue_arn,
            "SCHEDULE_ROLE_ARN": self.role.role_arn,
        }

    def run_with(self, function: PythonFunction, at_once: int) -> None:
        """Have a function carry out the ticks.

        `at_once` of them: a thousand schedules of nine o'clock sharp take no more of the API.
        """
        serve_queue(function, self.ticks, at_once)
