"""Delivery reconciler: restarts webhook deliveries that lost their execution."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from trunkline.core.clock import Clock
from trunkline.webhooks.delivery_repository import DeliveryRepository
from trunkline.webhooks.state_machine import DeliveryStateMachine

_GRACE_MS = 15 * 60_000
_MAX_RESTARTS = 200


@dataclass(frozen=True)
class DeliveryReconciler:
    """Checks overdue deliveries; a failure is left to the next pass."""

    deliveries: DeliveryRepository
    flow: DeliveryStateMachine
    clock: Clock
    log: Logger

    def reconcile(self, repairs: Counter[str]) -> None:
        """Restart the deliveries that are overdue by 15 minutes, under a new execution name.

        If the old execution still runs, `version` ensures that an attempt is recorded once.
        """
        now_ms = self.clock.wall_ms()
        for number, delivery in enumerate(self.deliveries.overdue(now_ms - _GRACE_MS)):
            if number >= _MAX_RESTARTS:
                return
            claimed = self.deliveries.save(replace(delivery, next_attempt_at_ms=now_ms))
            if claimed is None:
                continue
            try:
                self.flow.start(claimed, restart=claimed.version)
            except (BotoCoreError, ClientError) as error:
                self.log.error("delivery not started", delivery_id=claimed.id, cause=type(error).__name__)
                continue
            repairs["delivery_restarted"] += 1
