"""An agent worker beside the local stack: started on its LiveKit, shown line by line, and ended with it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.text import Text

from local.config import ROOT, StackConfig
from local.processes import CannotStart, Processes
from local.seed import DEMO_AGENT

LIVEKIT_PYTHON = ROOT / ".local" / "livekit" / "bin" / "python"
"""Python with livekit-agents and `trunkline_agent`, for an agent without a virtual environment of its own."""

_REGISTERED = "registered worker"
_REGISTERS_WITHIN_S = 90
_POLL_INTERVAL_S = 0.1
_NAME = "agent"


def find_agent(path: str) -> list[str]:
    """Return the command that runs an agent: a Python file, or a folder with a `main.py`.

    A virtual environment `.venv` beside it is used, else the project's, which has livekit-agents. The command
    `dev` of a worker ends at once when it is told to, and takes calls on a busy machine.

    Raises:
        CannotStart: there is no such file, or nothing to run it with.
    """
    found = Path(path).resolve()
    program = found / "main.py" if found.is_dir() else found
    if not program.is_file():
        raise CannotStart(f"there is no agent: {program} does not exist")
    python = next(
        (each for each in (program.parent / ".venv/bin/python", LIVEKIT_PYTHON) if each.exists()), None
    )
    if python is None:
        raise CannotStart(f"livekit-agents is not installed: start with `make run AGENT={path}`")
    return [str(python), "-u", str(program), "dev", "--no-reload"]


def agent_environment(config: StackConfig, inherited: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment of an agent: your own, with your models' keys, and how it reaches the stack."""
    url, api_key, api_secret = config.livekit
    return {
        **inherited,
        "LIVEKIT_URL": url.replace("http", "ws", 1),
        "LIVEKIT_API_KEY": api_key,
        "LIVEKIT_API_SECRET": api_secret,
        "TRUNKLINE_API_URL": config.api_url,
        "LIVEKIT_LOG_LEVEL": "INFO",  # the line that tells of the registration is at this level
        "AGENT_NAME": inherited.get("AGENT_NAME", DEMO_AGENT),
        "AGENT_TAKES_ALL": inherited.get("AGENT_TAKES_ALL", "yes"),
    }


@contextmanager
def local_agent(config: StackConfig, command: list[str], console: Console) -> Iterator[LocalAgent]:
    """Run an agent while the block runs, from when it is registered with LiveKit.

    Raises:
        CannotStart: it ended, or did not register within 90 s.
    """
    folder = config.folder / "agent"
    processes = Processes(replace(config, folder=folder))
    processes.lock_folder()
    processes.start(_NAME, command, agent_environment(config))
    agent = LocalAgent(processes, folder / "logs" / f"{_NAME}.log", console)
    try:
        agent.wait_until_registered()
        yield agent
    finally:
        processes.stop()
        agent.show_rest()


class LocalAgent:
    """A running agent; its output is shown as it comes."""

    def __init__(self, processes: Processes, log: Path, console: Console) -> None:
        self._processes, self._log, self._console = processes, log, console
        self._is_registered, self._is_stopped = threading.Event(), threading.Event()
        self._was_told = False
        self._shows = threading.Thread(target=self._show_output, name="agent output", daemon=True)
        self._shows.start()

    def wait_until_registered(self) -> None:
        """Wait until the agent takes calls.

        Raises:
            CannotStart: it ended, or did not register.
        """
        deadline_s = time.monotonic() + _REGISTERS_WITHIN_S
        while not self._is_registered.wait(_POLL_INTERVAL_S):
            if self._processes.exited():
                raise CannotStart(f"the agent exited while starting; its output is in {self._log}")
            if time.monotonic() > deadline_s:
                raise CannotStart(f"the agent did not register with LiveKit; its output is in {self._log}")

    def tell_if_exited(self) -> None:
        """Say once that the agent has exited: calls now find no agent."""
        if self._processes.exited() and not self._was_told:
            self._was_told = True
            self._console.print(
                f"[red]✗ the agent exited:[/] calls find no agent. Its output is in {self._log}.\n"
                "Mend it, press Ctrl-C, and start again."
            )

    def show_rest(self) -> None:
        """Show the output to its end; the agent has been stopped."""
        self._is_stopped.set()
        self._shows.join()

    def _show_output(self) -> None:
        with self._log.open(encoding="utf-8", errors="replace") as output:
            while True:
                was_stopped, begin = self._is_stopped.is_set(), output.tell()
                line = output.readline()
                if not line.endswith("\n") and not was_stopped:
                    output.seek(begin)  # the rest of the line is still to come
                    time.sleep(_POLL_INTERVAL_S)
                    continue
                if not line:
                    return
                if _REGISTERED in line:
                    self._is_registered.set()
                shown = Text.from_ansi(line.rstrip("\n"))
                self._console.print(Text.assemble(("agent │ ", "dim"), shown), soft_wrap=True)
