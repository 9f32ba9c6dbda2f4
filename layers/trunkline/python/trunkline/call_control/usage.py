"""Usage of a tenant in a mode: calls waiting and in progress, over all its trunks and web calls."""

from __future__ import annotations

from dataclasses import dataclass

from trunkline.calls.models import WEB_LANES
from trunkline.calls.queue_position import LAST
from trunkline.calls.repository import CallRepository
from trunkline.dial_queue.repository import DialQueue
from trunkline.trunks.repository import TrunkRepository
from trunkline.trunks.test_trunk import make_test_trunk

_COUNTED = 10_000


@dataclass(frozen=True)
class Usage:
    """Counts calls by eventually consistent indexes."""

    calls: CallRepository
    queue: DialQueue
    trunks: TrunkRepository

    def waiting(self, tenant_id: str, *, livemode: bool, limit: int = _COUNTED) -> int:
        """Count the calls in the tenant's queues, up to `limit`."""
        counted = 0
        for trunk_id in self._trunk_ids(tenant_id, livemode=livemode):
            counted += self.queue.count(trunk_id, f"{tenant_id}#", f"{tenant_id}#{LAST}", limit - counted)
            if counted >= limit:
                return limit
        return counted

    def in_progress(self, tenant_id: str, *, livemode: bool) -> int:
        """Count the calls that are dialled or answered, and live web calls that somebody joined."""
        lanes = [*self._trunk_ids(tenant_id, livemode=livemode), *(WEB_LANES if livemode else ())]
        return sum(self.calls.count_in_progress(lane, tenant_id) for lane in lanes)

    def _trunk_ids(self, tenant_id: str, *, livemode: bool) -> list[str]:
        test = make_test_trunk(tenant_id).id
        if not livemode:
            return [test]
        return [trunk_id for trunk_id in self.trunks.granted_ids(tenant_id) if trunk_id != test]
