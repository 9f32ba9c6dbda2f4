"""BullMQ's limiter at the same pace, where node and redis are there: `bullmq_worker/worker.mjs`."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks.line import Paced

_HERE = Path(__file__).parent / "bullmq_worker"
_INSTALL = ("npm", "install", "--no-save", "--omit=optional", "--ignore-scripts", "--silent")


def run(cps: int, jobs: int) -> Paced | None:
    """Start so many jobs on three workers; None where node, npm or redis is missing."""
    if not all(shutil.which(name) for name in ("node", "npm", "redis-server")):
        return None
    if not (_HERE / "node_modules").exists():
        subprocess.run(_INSTALL, cwd=_HERE, check=True)  # noqa: S603 - our own words
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        command = ["redis-server", "--port", str(port), "--save", "", "--dir", folder]
        redis = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603 - our own words
        try:
            _wait_for(port)
            words = ["node", "worker.mjs", str(port), str(cps), str(jobs)]
            output = subprocess.run(words, cwd=_HERE, check=True, capture_output=True, text=True)  # noqa: S603
        finally:
            redis.terminate()
            redis.wait()
    return Paced(sorted(float(line) for line in output.stdout.split()))


def _wait_for(port: int) -> None:
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
