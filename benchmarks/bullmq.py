"""BullMQ's rate limiter at the same pace, for comparison: `bullmq_worker/worker.mjs`."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks.queue import CallStarts

_WORKER_FOLDER = Path(__file__).parent / "bullmq_worker"
_INSTALL = ("npm", "install", "--no-save", "--omit=optional", "--ignore-scripts", "--silent")


def run(cps: int, jobs: int) -> CallStarts | None:
    """Start so many jobs on three workers; return None if node, npm or redis is not installed."""
    if not all(shutil.which(name) for name in ("node", "npm", "redis-server")):
        return None
    if not (_WORKER_FOLDER / "node_modules").exists():
        subprocess.run(_INSTALL, cwd=_WORKER_FOLDER, check=True)  # noqa: S603 - fixed arguments only
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        server = ["redis-server", "--port", str(port), "--save", "", "--dir", folder]
        redis = subprocess.Popen(server, stdout=subprocess.DEVNULL)  # noqa: S603 - fixed arguments only
        try:
            _wait_for(port)
            worker = ["node", "worker.mjs", str(port), str(cps), str(jobs)]
            output = subprocess.run(worker, cwd=_WORKER_FOLDER, check=True, capture_output=True, text=True)  # noqa: S603 - ours
        finally:
            redis.terminate()
            redis.wait()
    return CallStarts(sorted(float(line) for line in output.stdout.split()))


def _wait_for(port: int) -> None:
    """Wait until a port accepts connections, for at most 10 s."""
    deadline_s = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
        except OSError:
            if time.monotonic() > deadline_s:
                raise
            time.sleep(0.05)
        else:
            return
