"""Resumption of the trunks of a tenant's own LiveKit project after its credentials have changed."""

from __future__ import annotations

from dataclasses import dataclass

from trunkline.core.clock import Clock
from trunkline.dial_queue.notifier import LaneNotifier
from trunkline.trunks.repository import TrunkRepository


@dataclass(frozen=True)
class RefusedTrunks:
    """Resumes trunks that LiveKit refused; pauses for other reasons stay."""

    trunks: TrunkRepository
    notifier: LaneNotifier
    clock: Clock

    def resume(self, tenant_id: str) -> None:
        """Resume and wake every trunk of the tenant's own project.

        A trunk is also woken if it was not paused: its calls may wait for a project that was missing.
        """
        for trunk_id in self.trunks.granted_ids(tenant_id):
            trunk = self.trunks.load(trunk_id)
            if trunk is None or trunk.livekit_tenant_id != tenant_id:
                continue
            self.trunks.end_refusal(trunk_id, self.clock.wall_ms())
            self.notifier.wake(trunk_id)
