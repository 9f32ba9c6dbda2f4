"""Starts the stack's processes and leaves none behind."""

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
    """The stack can't come up; the message says why and what to do."""


def port_is_free(port: int) -> bool:
    """Say whether a loopback port can be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return True
    return False


class Processes:
    """The children of one stack, each the leader of a group that ends with it."""

    def __init__(self, config: StackConfig) -> None:
        self._config = config
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._lock: IO[str] | None = None

    def claim_folder(self) -> None:
        """Make sure that this is the only stack in the folder.

        Raises:
            CannotStart: another one is up.
        """
        self._config.folder.mkdir(parents=True, exist_ok=True)
        lock = (self._config.folder / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CannotStart(
                "a local stack is already running here.\n"
                f"Use it ({self._config.stack_file} has its URL and key), or stop it:\n"
                "Ctrl-C there, or `make down`."
            ) from error
        self._lock = lock

    def check_ports(self, ports: Mapping[str, int]) -> None:
        """Raise `CannotStart` with the variable to set if a port is taken."""
        for variable, port in ports.items():
            if not port_is_free(port):
                raise CannotStart(
                    f"port {port} is taken by another program.\n"
                    f"Free it, or choose another: {variable}=… make run"
                )

    def start(self, name: str, command: list[str], environment: Mapping[str, str]) -> None:
        """Start a child whose output goes to `logs/<name>.log`."""
        logs = self._config.folder / "logs"
        logs.mkdir(exist_ok=True)
        with (logs / f"{name}.log").open("wb") as log:
            self._children[name] = subprocess.Popen(  # noqa: S603 - our own words only
                command,
                cwd=ROOT,
                env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **environment},
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - one prctl call, before any thread is there
            )
        self._write_pids()

    def wait_until_up(self, name: str, url: str, timeout_s: float = 30) -> None:
        """Wait until a child answers HTTP.

        Raises:
            CannotStart: it ended, or did not answer in time.
        """
        deadline_s = time.monotonic() + timeout_s
        log = self._config.folder / "logs" / f"{name}.log"
        while time.monotonic() < deadline_s:
            if self._children[name].poll() is not None:
                raise CannotStart(f"{name} ended while starting; its output is in {log}")
            if _answers(url):
                return
            time.sleep(0.05)
        raise CannotStart(f"{name} did not answer on {url}; its output is in {log}")

    def dead(self) -> str | None:
        """The name of a child that has ended by itself, if there is one."""
        return next((name for name, child in self._children.items() if child.poll() is not None), None)

    def pids(self) -> dict[str, int]:
        return {name: child.pid for name, child in self._children.items()}

    def stop(self) -> None:
        """End every child and its group: politely, then for good."""
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


def _answers(url: str) -> bool:
    """Say whether there is an HTTP server; a refusal is an answer, a server's failure is not."""
    try:
        urllib.request.urlopen(url, timeout=5).close()  # noqa: S310 - loopback http
    except urllib.error.HTTPError as error:
        return error.code < http.HTTPStatus.INTERNAL_SERVER_ERROR
    except OSError:
        return False
    return True


def stop_left_over(folder: Path) -> list[str]:
    """End what a stack in this folder left, by the ids it wrote down; return their names."""
    file = folder / "pids.json"
    if not file.exists():
        return []
    pids: dict[str, int] = json.loads(file.read_text())
    stack = pids.pop("stack")
    if _is_ours(stack):
        os.kill(stack, signal.SIGINT)
        for _ in range(int(_STOP_S * 20)):
            if not _is_ours(stack):
                return ["stack"]
            time.sleep(0.1)
    ended = [name for name, pid in pids.items() if _is_ours(pid)]
    for name in ended:
        _signal_group(pids[name], signal.SIGKILL)
    file.unlink(missing_ok=True)
    (folder / "stack.json").unlink(missing_ok=True)
    return ended


def _is_ours(pid: int) -> bool:
    """An id may have been given to another program since: ours run from this folder."""
    try:
        return os.readlink(f"/proc/{pid}/cwd") == str(ROOT)
    except OSError:
        return False


def _signal_group(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, number)


def _die_with_parent() -> None:
    """On Linux a child ends with its parent, even when that is killed."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
