"""One deployed local stack for all workers of pytest-xdist.

The first worker that needs the stack starts a process that holds it; the other workers wait, then use the
same stack. The holding process watches pytest's main process and ends with it, so that a killed run leaves
nothing behind.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import psutil

from local.config import ROOT, StackConfig, for_tests
from local.deployment import Outputs
from local.processes import Processes
from local.seed import Seed
from local.stack import Stack, local_stack

NAME = "test-stack"
USERS = 4
"""How many workers the stack is made for."""
FOLDER = ROOT / ".local" / NAME
_DESCRIPTION = FOLDER / "shared.json"
_LOG = FOLDER / "shared.log"
_STOPS_WITHIN_S = 30


class _OtherProcesses(Processes):
    """The children of a stack that another process holds."""

    def __init__(self, config: StackConfig, pids: dict[str, int]) -> None:
        super().__init__(config)
        self._pids = pids

    def pids(self) -> dict[str, int]:
        return self._pids


def config_for_stack_tests() -> StackConfig:
    """Functions run with the emulator's IAM evaluator on: they can do what their roles say and no more."""
    return for_tests(NAME, checks_iam=True, users=USERS)


@contextmanager
def shared_stack(main_pid: int) -> Iterator[Stack]:
    """Use the stack of the run whose main process has this id; start it if no worker has."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        described = _described()
        if described is None or described["main_pid"] != main_pid:
            _wait_for_the_end_of(described)
            _start(main_pid)
            described = _described()
    assert described is not None, _LOG.read_text()
    yield _attached(described)


def stop_shared_stack(main_pid: int) -> None:
    """End the process that holds this run's stack, if there is one, and wait until it is gone."""
    described = _described()
    if described and described["main_pid"] == main_pid:
        os.kill(described["holder_pid"], signal.SIGTERM)
        _wait_until_gone(described["holder_pid"])


def _wait_for_the_end_of(described: dict[str, Any] | None) -> None:
    """Wait for the stack of an earlier run, if that run is over."""
    if described and not psutil.pid_exists(described["main_pid"]):
        _wait_until_gone(described["holder_pid"])


def _wait_until_gone(pid: int, timeout_s: float | None = _STOPS_WITHIN_S) -> None:
    with suppress(psutil.NoSuchProcess):
        psutil.wait_procs([psutil.Process(pid)], timeout=timeout_s)


def _described() -> dict[str, Any] | None:
    """Read how to reach the stack, if there is one that is up."""
    try:
        found: dict[str, Any] = json.loads(_DESCRIPTION.read_text())
        command = psutil.Process(found["holder_pid"]).cmdline()
    except (OSError, ValueError, psutil.Error):
        return None
    return found if __name__ in command else None


def _start(main_pid: int) -> None:
    """Start the process that holds the stack, and wait until the stack is up."""
    command = [sys.executable, "-m", __name__, str(main_pid)]
    with _LOG.open("wb") as log:
        holder = subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    assert holder.stdout is not None
    if not holder.stdout.readline():
        raise RuntimeError(f"the stack did not come up:\n{_LOG.read_text()}")


def _attached(described: dict[str, Any]) -> Stack:
    config = StackConfig(**described["config"] | {"folder": Path(described["config"]["folder"])})
    os.environ.update(config.aws_environment())
    processes = _OtherProcesses(config, described["pids"])
    return Stack(config, processes, Outputs(**described["outputs"]), Seed(**described["seed"]))


def _hold(main_pid: int) -> None:
    """Keep a stack up until this process is told to end, or the main one is gone."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    threading.Thread(target=_end_with, args=(main_pid,), daemon=True).start()
    with suppress(KeyboardInterrupt), local_stack(config_for_stack_tests(), lambda _: None) as stack:
        try:
            _describe(stack, main_pid)
            print("up", flush=True)  # noqa: T201 - the worker that started this process reads it
            signal.pause()
        finally:
            _DESCRIPTION.unlink(missing_ok=True)


def _end_with(main_pid: int) -> None:
    _wait_until_gone(main_pid, timeout_s=None)
    os.kill(os.getpid(), signal.SIGTERM)


def _describe(stack: Stack, main_pid: int) -> None:
    config = asdict(replace(stack.config, real_livekit=None)) | {"folder": str(stack.config.folder)}
    outputs = {"api_id": stack.outputs.api_id, "values": dict(stack.outputs.values)}
    described = {"main_pid": main_pid, "holder_pid": os.getpid(), "config": config, "outputs": outputs}
    described |= {"pids": stack.processes.pids(), "seed": asdict(stack.seed)}
    _DESCRIPTION.write_text(json.dumps(described))


if __name__ == "__main__":
    _hold(int(sys.argv[1]))
