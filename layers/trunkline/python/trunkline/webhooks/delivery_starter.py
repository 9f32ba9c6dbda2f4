"""Starter of executions for deliveries that wait or were lost, before their time.

A new execution takes a delivery over: the old one, if there is one, ends when it wakes up, because the
delivery's version is no longer the one it left.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from trunkline.core.clock import Clock
from trunkline.webhooks.delivery_executions import DeliveryStateMachine
from trunkline.webhooks.delivery_models import Delivery
from trunkline.webhooks.delivery_repository import DeliveryRepository


@dataclass(frozen=True)
class DeliveryStarter:
    """Starts executions; if a start fails, the reconciler starts the delivery as one that is overdue."""

    deliveries: DeliveryRepository
    state_machine: DeliveryStateMachine
    clock: Clock
    log: Logger

    def start_now(self, delivery: Delivery) -> Delivery | None:
        """Make a delivery's next attempt now; return None if another execution changed it, or it did not
        start."""
        due = replace(delivery, next_attempt_at_ms=self.clock.wall_ms(), held=False)
        claimed = self.deliveries.save(due)
        return claimed if claimed and self.start(claimed, restart=claimed.version) else None

    def start(self, delivery: Delivery, restart: int | None = None) -> bool:
        """Start a stored delivery's execution; return False if that failed."""
        try:
            self.state_machine.start(delivery, restart)
        except (BotoCoreError, ClientError) as error:
            self.log.error("delivery not started", delivery_id=delivery.id, cause=type(error).__name__)
            return False
        return True
