"""Frame of a repair of one call: load it, decide, write, wake, log and clean up.

The write is conditional on the version read before the decision, so that a change in between always wins.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aws_lambda_powertools import Logger

from trunkline.calls.log_ids import log_ids
from trunkline.calls.models import RECONCILER_REACH_MS, Call, Change, StaleCall
from trunkline.calls.repository import CallRepository
from trunkline.calls.states import State
from trunkline.core.clock import Clock
from trunkline.dial_queue.notifier import LaneNotifier
from trunkline.livekit.sdk_boundary import LiveKitUnavailable
from trunkline.reconciler.overdue import OverdueGauge, overdue_since_ms

Repair = tuple[str, Change]
"""The name of a repair, and its change."""


@dataclass(frozen=True)
class CallRepairFrame:
    """Makes the repairs that `decide` finds; `offload` runs a blocking call outside the event loop.

    `check_at` has a call looked at again at a time. `overdue` measures how late repairs are. `record` stores
    a repair for the call's tenant.
    """

    calls: CallRepository
    notifier: LaneNotifier
    clock: Clock
    offload: Callable[..., Awaitable[Any]]
    log: Logger
    check_at: Callable[[str, int], None] = lambda *_: None
    overdue: OverdueGauge = field(default_factory=OverdueGauge)
    record: Callable[[Call, str], None] = lambda *_: None

    async def repair(
        self,
        call_id: str,
        decide: Callable[[Call, int], Awaitable[Repair | None]],
        clean_up: Callable[[Call, Call], Awaitable[None]],
        known: Call | None = None,
    ) -> str | None:
        """Repair a call that has not ended, or whose leg may be left, and return the name of the repair.

        A LiveKit that does not answer decides nothing. `clean_up` receives the call before and after.
        `known` is the call as it was read a moment ago: if it has changed since, the write fails.
        """
        try:
            call = known or await self.offload(self.calls.load, call_id)
            if call is None or (call.is_terminal and not call.may_have_leg_left):
                return None
            now_ms = self.clock.wall_ms()
            self.overdue.see(now_ms, overdue_since_ms(call, now_ms))
            found = await decide(call, self.clock.wall_ms())
            if found is None:
                await self._check_at_the_limit(call)
                return None
            name, change = found
            after = await self.offload(self.calls.apply, call, change, self.clock.wall_ms())
        except StaleCall:
            return None
        except LiveKitUnavailable as error:
            self.log.warning("look-up failed", call_id=call_id, cause=str(error))
            return None
        await self.offload(self.notifier.notify_change, call, after)
        self.log.info("repaired", **log_ids(call), repair=name)
        await self.offload(self.record, call, name)
        await clean_up(call, after)
        return name

    async def _check_at_the_limit(self, call: Call) -> None:
        """Have the call looked at when its talk reaches its limit, if that is before the next pass."""
        now_ms, limit_ms = self.clock.wall_ms(), call.limit_ends_ms
        if call.state is not State.ACTIVE or limit_ms is None:
            return
        if now_ms < limit_ms <= now_ms + RECONCILER_REACH_MS:
            await self.offload(self.check_at, call.id, limit_ms)
