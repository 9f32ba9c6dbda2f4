"""Processes of a local stack: started in groups, and stopped without leftovers."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import http
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from local.config import ROOT, StackConfig

_STOP_S = 5.0
_PR_SET_PDEATHSIG = 1


class CannotStart(Exception):
    """The stack cannot start; the message says why, and how to fix it."""


def port_is_free(port: int) -> bool:
    """Return whether a loopback port can be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return True
    return False


class Processes:
    """The child processes of one stack, each the leader of a process group."""

    def __init__(self, config: StackConfig) -> None:
        self._config = config
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._lock: IO[str] | None = None

    def lock_folder(self) -> None:
        """Make this the only stack of the folder.

        Raises:
            CannotStart: another stack uses it.
        """
        self._config.folder.mkdir(parents=True, exist_ok=True)
        lock = (self._config.folder / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CannotStart(
                "a local stack is already running in this folder.\n"
                f"Use it ({self._config.stack_file} has its URL and key),\n"
                "or stop it with Ctrl-C in its terminal or with `make down`."
            ) from error
        self._lock = lock

    def check_ports(self, ports: Mapping[str, int]) -> None:
        """Check that the ports are free; the keys are the environment variables that change them.

        Raises:
            CannotStart: a port is in use; the message names its variable.
        """
        for variable, port in ports.items():
            if not port_is_free(port):
                raise CannotStart(
                    f"port {port} is used by another program.\n"
                    f"Free it, or choose another port: {variable}=… make run"
                )

    def start(self, name: str, command: list[str], environment: Mapping[str, str]) -> None:
        """Start a process and write its output to `logs/<name>.log`."""
        logs = self._config.folder / "logs"
        logs.mkdir(exist_ok=True)
        with (logs / f"{name}.log").open("wb") as log:
            self._children[name] = subprocess.Popen(  # noqa: S603 - fixed arguments only
                command,
                cwd=ROOT,
                env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **environment},
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - one prctl call, before the child has threads
            )
        self._write_pids()

    def wait_until_up(self, name: str, url: str, timeout_s: float = 120) -> None:
        """Wait until a process responds to HTTP requests.

        Raises:
            CannotStart: it exited, or did not respond within `timeout_s` seconds.
        """
        deadline_s = time.monotonic() + timeout_s
        log = self._config.folder / "logs" / f"{name}.log"
        while time.monotonic() < deadline_s:
            if self._children[name].poll() is not None:
                raise CannotStart(f"{name} exited while starting; its output is in {log}")
            if _responds(url):
                return
            time.sleep(0.05)
        raise CannotStart(f"{name} did not respond on {url}; its output is in {log}")

    def exited(self) -> str | None:
        """Return the name of a process that has exited, or None."""
        return next((name for name, child in self._children.items() if child.poll() is not None), None)

    def pids(self) -> dict[str, int]:
        """Return the process id of each process by its name."""
        return {name: child.pid for name, child in self._children.items()}

    def stop(self) -> None:
        """Stop every process group with SIGTERM, and with SIGKILL after 5 s."""
        for child in self._children.values():
            _signal_group(child.pid, signal.SIGTERM)
        deadline_s = time.monotonic() + _STOP_S
        for child in self._children.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(max(0.1, deadline_s - time.monotonic()))
            _signal_group(child.pid, signal.SIGKILL)
            child.wait()
        self._children.clear()
        self._config.stack_file.unlink(missing_ok=True)
        (self._config.folder / "pids.json").unlink(missing_ok=True)
        if self._lock:
            self._lock.close()
            self._lock = None

    def _write_pids(self) -> None:
        pids = {"stack": os.getpid(), **self.pids()}
        (self._config.folder / "pids.json").write_text(json.dumps(pids))


def _responds(url: str) -> bool:
    """Return whether an HTTP server responds; a 4xx counts, a 5xx does not."""
    try:
        urllib.request.urlopen(url, timeout=60).close()  # noqa: S310 - loopback http
    except urllib.error.HTTPError as error:
        return error.code < http.HTTPStatus.INTERNAL_SERVER_ERROR
    except OSError:
        return False
    return True


def stop_leftovers(folder: Path) -> list[str]:
    """Stop the processes that a killed stack left in this folder; return their names."""
    file = folder / "pids.json"
    if not file.exists():
        return []
    pids: dict[str, int] = json.loads(file.read_text())
    stack = pids.pop("stack")
    if _belongs_to_stack(stack):
        os.kill(stack, signal.SIGINT)
        for _ in range(int(_STOP_S * 20)):
            if not _belongs_to_stack(stack):
                return ["stack"]
            time.sleep(0.1)
    leftovers = [name for name, pid in pids.items() if _belongs_to_stack(pid)]
    for name in leftovers:
        _signal_group(pids[name], signal.SIGKILL)
    file.unlink(missing_ok=True)
    (folder / "stack.json").unlink(missing_ok=True)
    return leftovers


def _belongs_to_stack(pid: int) -> bool:
    """Return whether a process runs from this folder: its id may be reused by another program."""
    try:
        return os.readlink(f"/proc/{pid}/cwd") == str(ROOT)
    except OSError:
        return False


def _signal_group(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, number)


def _die_with_parent() -> None:
    """Ask Linux to stop this child when its parent exits, even by SIGKILL."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
