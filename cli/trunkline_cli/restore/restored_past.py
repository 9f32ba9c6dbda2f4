"""Settlement of a restored past: nothing that was open then is dialled again.

It may have been dialled since (`docs/adr/0035-end-what-a-restored-past-had-open.md`). It works on a table
that no function uses yet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial

from trunkline.auth.audit_log import audit_write
from trunkline.batches.models import Batch, BatchState
from trunkline.batches.repository import BatchRepository, job_ended
from trunkline.calls.leg_end import end_restored
from trunkline.calls.models import WEB_LANES
from trunkline.calls.repository import CallRepository
from trunkline.core.clock import Clock
from trunkline.schedules.models import Schedule
from trunkline.schedules.repository import ScheduleRepository, pending_sync_write
from trunkline.storage.keys.tenants import tenant_mode_of
from trunkline_cli.operator import Operator

_THREADS = 16
_PAGE = 50
SKIPPED_EVENTS = 1_000
"""The end of a call has an event number that no event since the restored time had: its id is a new one."""

_OVER = (BatchState.COMPLETED, BatchState.CANCELLED, BatchState.REFUSED)


@dataclass
class RestoredPast:
    """Settles a restored table for its operator.

    `is_mirrored` tells whether EventBridge has a schedule and invokes it. `counts` has what was done, and
    `failures` names what could not be settled.
    """

    operator: Operator
    is_mirrored: Callable[[str], bool]
    clock: Clock
    counts: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def settle(self) -> None:
        """Pause the trunks, end open calls and batches, and pause schedules that no longer run.

        A repeat finds nothing left to do.
        """
        trunk_ids = self.operator.trunks.ids()
        for trunk_id in trunk_ids:
            self._guarded(f"trunk {trunk_id}", partial(self._pause, trunk_id))
        for tenant in self.operator.tenants.all():
            for livemode in (True, False):
                mode = tenant_mode_of(tenant.id, livemode)
                self._guarded(f"batches of {mode}", partial(self._cancel_batches, mode))
                self._guarded(f"schedules of {mode}", partial(self._align_schedules, mode))
        for lane in (*trunk_ids, *WEB_LANES):
            self._guarded(f"calls of {lane}", partial(self._end_calls, lane))

    def _guarded(self, what: str, work: Callable[[], None]) -> None:
        """Do the work on one item; one that fails is named, and the others are done."""
        try:
            work()
        except Exception as error:  # noqa: BLE001 - whatever it is, the others must be settled
            self.failures.append(f"{what}: {type(error).__name__}: {error}")

    def _pause(self, trunk_id: str) -> None:
        state = self.operator.trunks.state(trunk_id)
        if state and not state.declared.test and not state.settings.operator_paused:
            self.operator.set_trunk_paused(trunk_id, paused=True)
            self.counts["trunks paused"] += 1

    def _end_calls(self, lane: str) -> None:
        calls = CallRepository(self.operator.table)
        open_ids = {*calls.in_progress_ids(lane), *calls.waiting_ids(lane)}
        with ThreadPoolExecutor(_THREADS) as pool:
            for call_id in open_ids:
                pool.submit(self._guarded, f"call {call_id}", partial(self._end_call, calls, call_id))

    def _end_call(self, calls: CallRepository, call_id: str) -> None:
        call = calls.load(call_id)
        if call is None or call.is_terminal:
            return
        now_ms = self.clock.wall_ms()
        before = replace(call, sequence=call.sequence + SKIPPED_EVENTS)
        calls.apply(before, end_restored(before, now_ms), now_ms)
        self.counts["calls ended"] += 1

    def _cancel_batches(self, tenant_mode: str) -> None:
        batches, cursor = BatchRepository(self.operator.table), None
        while True:
            page, cursor = batches.page(tenant_mode, _PAGE, cursor)
            for batch in page:
                self._guarded(f"batch {batch.id}", partial(self._cancel, batches, batch))
            if cursor is None:
                return

    def _cancel(self, batches: BatchRepository, batch: Batch) -> None:
        """Cancel a batch that was not over: its job would import and dial rows anew."""
        if batch.state in _OVER:
            return
        principal = self.operator.principal(batch.tenant_id, livemode=batch.livemode)
        noted = audit_write(principal, self.clock.wall_ms(), "batch.cancelled", batch.id)
        batches.save(replace(batch, state=BatchState.CANCELLED, job=None), [job_ended(batch), noted])
        self.counts["batches cancelled"] += 1

    def _align_schedules(self, tenant_mode: str) -> None:
        schedules = ScheduleRepository(self.operator.table)
        for schedule in schedules.all(tenant_mode):
            self._guarded(f"schedule {schedule.id}", partial(self._align, schedules, schedule))

    def _align(self, schedules: ScheduleRepository, schedule: Schedule) -> None:
        """Pause a schedule that EventBridge no longer invokes, and have the others synchronised.

        EventBridge is newer than the table: who deleted or paused a schedule since must not get its calls.
        """
        now_ms = self.clock.wall_ms()
        mark = pending_sync_write(schedule.id, now_ms)
        if not schedule.enabled or self.is_mirrored(schedule.id):
            schedules.replace(schedule, schedule, [mark])
            return
        principal = self.operator.principal(schedule.tenant_id, livemode=schedule.livemode)
        noted = audit_write(principal, now_ms, "schedule.changed", schedule.id, ["enabled"])
        schedules.replace(schedule, replace(schedule, enabled=False), [mark, noted])
        self.counts["schedules paused"] += 1
