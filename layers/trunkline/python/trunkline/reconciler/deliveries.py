"""Delivery reconciler: starts webhook deliveries that lost their execution, or whose endpoint recovered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from trunkline.core.clock import Clock
from trunkline.core.item_guard import ItemGuard
from trunkline.reconciler.overdue import OverdueGauge
from trunkline.reconciler.resumable import PassRunner, rotated
from trunkline.webhooks.delivery_repository import DeliveryRepository, OverdueDelivery
from trunkline.webhooks.delivery_starter import DeliveryStarter
from trunkline.webhooks.health_repository import EndpointHealthRepository, Resumption

_GRACE_MS = 15 * 60_000
_MAX_RESTARTS = 200
_MAX_SCANNED = 1000


@dataclass(frozen=True)
class DeliveryReconciler:
    """Starts deliveries under new execution names; a failure is left to the next pass.

    If the old execution still runs, `version` ensures that an attempt is recorded once.
    """

    deliveries: DeliveryRepository
    health: EndpointHealthRepository
    starter: DeliveryStarter
    clock: Clock
    guard: ItemGuard
    overdue: OverdueGauge = field(default_factory=OverdueGauge)

    def reconcile(self, repairs: Counter[str], passes: PassRunner) -> None:
        """Start deliveries that wait for an endpoint that works again, and those overdue by 15 minutes.

        `passes` bounds both, and goes on where the pass before stopped.
        """
        passes.run("resumptions", self._resumptions, lambda found: self._resume_guarded(found, repairs))
        until_ms, tried = self.clock.wall_ms() - _GRACE_MS, 0

        def restart(found: OverdueDelivery) -> bool:
            nonlocal tried
            tried += 1
            self.overdue.see(until_ms, found.due_ms)
            with self.guard.item("delivery", found.key.sk):
                delivery = self.deliveries.load_pending(found.key)
                if delivery:
                    repairs["delivery_restarted"] += self.starter.start_now(delivery) is not None
            return tried >= _MAX_RESTARTS

        def found_after(after: str) -> Iterator[tuple[str, OverdueDelivery]]:
            return ((found.position, found) for found in self.deliveries.overdue(until_ms, after))

        passes.run("deliveries", found_after, restart)

    def _resumptions(self, after: str) -> Iterator[tuple[str, Resumption]]:
        found = {each.endpoint_id: each for each in self.health.resumptions()}
        return ((endpoint_id, found[endpoint_id]) for endpoint_id in rotated(sorted(found), after))

    def _resume_guarded(self, resumption: Resumption, repairs: Counter[str]) -> None:
        with self.guard.item("resumption", resumption.endpoint_id):
            self._resume(resumption, repairs)

    def _resume(self, resumption: Resumption, repairs: Counter[str]) -> None:
        """Start an endpoint's deliveries, the oldest first; a next pass continues where this one stops.

        Those that wait for a retry keep their time, which the endpoint may have asked for by Retry-After.
        """
        now_ms, started = self.clock.wall_ms(), 0
        found, is_all = self.deliveries.oldest_first(
            resumption.endpoint_id, resumption.next_ms, limit=_MAX_SCANNED
        )
        for delivery in found:
            if started >= _MAX_RESTARTS:
                self.health.advance(resumption, delivery.created_at_ms)
                return
            if delivery.held and delivery.waits(now_ms):
                started += 1
                repairs["delivery_resumed"] += self.starter.start_now(delivery) is not None
        self.health.advance(resumption, None if is_all or not found else found[-1].created_at_ms)
