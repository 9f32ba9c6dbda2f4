"""Cost of broken rows in a whole import, from the upload to the last call that is stored.

Each file has a stack of its own: an emulator that holds the calls of the import before is slower.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import httpx
import psutil

from benchmarks.batches import is_imported, progress_of, start_import
from benchmarks.call_latency import unlimited_key
from benchmarks.results import Row, p50
from local.config import for_tests
from local.stack import Stack, local_stack

ROWS = 100_000
BROKEN_EVERY = 100
ORDER = (0, BROKEN_EVERY, BROKEN_EVERY, 0)
"""The runs, in turns; 0 is the file without broken rows."""

MAX_RATIO = 1.1
_POLL_S = 5


@dataclass(frozen=True)
class _Import:
    elapsed_s: float
    cpu_s: float


def import_rows(rows: int = ROWS) -> list[Row]:
    """Import a file in which one row of a hundred has a stray quote, and one without.

    The ratio is that of processor time, which other work on the machine lengthens least.
    """
    runs = [(each, _import(rows, each)) for each in ORDER]
    clean = [run for broken_every, run in runs if not broken_every]
    broken = [run for broken_every, run in runs if broken_every]
    ratio = p50([run.cpu_s for run in broken]) / p50([run.cpu_s for run in clean])
    name = f"import {rows} CSV rows, 1 % of them with a stray quote, upload to last call"
    value, compared = _shown(broken), f"without: {_shown(clean)}"
    return [Row(name, value, compared, ratio, f"≤ {MAX_RATIO}", ratio <= MAX_RATIO)]


def _shown(runs: Sequence[_Import]) -> str:
    return f"{p50([run.cpu_s for run in runs]):.0f} s of CPU, {p50([run.elapsed_s for run in runs]):.0f} s"


def _import(rows: int, broken_every: int) -> _Import:
    with local_stack(for_tests("bench-import"), print) as stack:
        headers = {"x-api-key": unlimited_key(stack)}
        with httpx.Client(base_url=stack.config.api_url, headers=headers, timeout=300) as api:
            started_s, cpu_s = time.monotonic(), _cpu_s(stack)
            batch_id = start_import(api, stack, rows, broken_every=broken_every)
            while not is_imported(api, batch_id):
                time.sleep(_POLL_S)
            result = _Import(time.monotonic() - started_s, _cpu_s(stack) - cpu_s)
            refused = rows // broken_every if broken_every else 0
            counts = [progress_of(api, batch_id)[name] for name in ("rows", "accepted", "refused")]
            assert counts == [rows, rows - refused, refused]
            return result


def _cpu_s(stack: Stack) -> float:
    """Return the processor time of the emulator and its functions, which other work does not lengthen."""
    emulator = psutil.Process(stack.processes.pids()["emulator"])
    own = emulator.cpu_times()
    total = own.user + own.system + own.children_user + own.children_system
    for process in emulator.children(recursive=True):
        try:
            times = process.cpu_times()
        except psutil.Error:  # it may have exited meanwhile
            continue
        total += times.user + times.system
    return float(total)
