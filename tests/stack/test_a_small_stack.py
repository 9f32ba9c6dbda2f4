"""What the stack of somebody who tries the product holds. It runs first: the emulator keeps a process for
each function that was ever used, and the histories of all that ran."""

from __future__ import annotations

from local.probes import MAX_MEMORY_MB, settled_memory_mb
from tests.stack.conftest import Tenant


def test_the_whole_stack_stays_small_after_the_main_job(tenant: Tenant) -> None:
    tenant.wait_for_end(tenant.placed("+15550100001"))
    held = settled_memory_mb(tenant.stack)
    assert sum(held.values()) < MAX_MEMORY_MB, held
