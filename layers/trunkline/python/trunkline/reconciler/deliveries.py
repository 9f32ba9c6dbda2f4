"""Starts deliveries anew whose execution was lost: never started, failed for too long, or forgotten."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from trunkline.core.clock import Clock
from trunkline.webhooks.delivery_repository import DeliveryRepository
from trunkline.webhooks.state_machine import DeliveryStateMachine

_GRACE_MS = 15 * 60_000
_AT_ONCE = 200


@dataclass(frozen=True)
class DeliveryReconciler:
    """One pass; what fails is tried again by the next."""

    deliveries: DeliveryRepository
    flow: DeliveryStateMachine
    clock: Clock
    log: Logger

    def walk(self, repairs: Counter[str]) -> None:
        """Start what should have been tried a quarter of an hour ago, under another name.

        If the old execution lives after all, the record of an attempt counts once: `version` decides.
        """
        now_ms = self.clock.wall_ms()
        for number, delivery in enumerate(self.deliveries.overdue(now_ms - _GRACE_MS)):
            if number >= _AT_ONCE:
                return
            noted = self.deliveries.save(replace(delivery, next_attempt_at_ms=now_ms))
            if noted is None:
                continue
            try:
                self.flow.start(noted, restart=noted.version)
            except (BotoCoreError, ClientError) as error:
                self.log.error("delivery not started", delivery_id=noted.id, cause=type(error).__name__)
                continue
            repairs["delivery_restarted"] += 1
