"""The local program itself: what it writes down, what it says when it can't start, what it leaves."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from infrastructure.settings import stage_settings
from local.config import ROOT, StackConfig, for_tests
from local.deployment import client
from local.probes import MAX_MEMORY_MB, memory_mb
from local.processes import CannotStart, Processes, port_is_free, stop_leftovers
from local.stack import Stack, local_stack
from tests.support import http
from tests.support.polling import poll

CONTRACT = {
    "api_url",
    "live_key",
    "tenant_id",
    "agent_id",
    "trunk_id",
    "trunk_cps",
    "livekit_url",
    "livekit_api_key",
    "livekit_api_secret",
    "invite_log",
}


def test_stack_json_has_what_tools_need(stack: Stack) -> None:
    written = json.loads(stack.config.stack_file.read_text())
    assert set(written) >= CONTRACT
    assert written["trunk_cps"] == 5
    answer = http.get(f"{written['api_url']}/api/v1/calls/x", headers={"x-api-key": written["live_key"]})
    assert answer.status_code == 404
    assert Path(written["invite_log"]).name == "invites.jsonl"


def test_a_second_stack_in_the_same_folder_is_refused_clearly(stack: Stack) -> None:
    with pytest.raises(CannotStart, match="already running in this folder"), local_stack(stack.config, print):
        pass
    assert http.get(stack.config.livekit[0]).status_code == 200, "the first one goes on"


def test_a_taken_port_is_named_with_what_to_do() -> None:
    config = for_tests("test-ports")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        wrong = StackConfig(config.folder, config.api_port, port, config.livekit_port)
        with pytest.raises(CannotStart, match=f"port {port} is used") as caught, local_stack(wrong, print):
            pass
    assert "TRUNKLINE_EMULATOR_PORT=" in str(caught.value)


def test_a_child_that_dies_while_starting_is_named_with_its_log(tmp_path: Path) -> None:
    config = for_tests("x")
    processes = Processes(StackConfig(tmp_path, config.api_port, config.emulator_port, config.livekit_port))
    try:
        processes.start("child", [sys.executable, "-c", "raise SystemExit(3)"], {})
        with pytest.raises(CannotStart, match=r"child exited while starting; its output is in .*child\.log"):
            processes.wait_until_up("child", "http://127.0.0.1:9")
    finally:
        processes.stop()


def test_no_process_is_left_behind_not_even_of_a_stack_that_was_killed(tmp_path: Path) -> None:
    program = (
        "import sys, time, pathlib\n"
        "from local.config import StackConfig\nfrom local.processes import Processes\n"
        f"p = Processes(StackConfig(pathlib.Path({str(tmp_path)!r}), 1, 2, 3))\n"
        "p.start('child', [sys.executable, '-c', 'import time; time.sleep(600)'], {})\n"
        "print(p.pids()['child'], flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    child_gone = psutil.wait_procs([child], timeout=30)[1] == []
    stop_leftovers(tmp_path)
    assert child_gone or not child.is_running()
    assert stop_leftovers(tmp_path) == []


def test_reserved_concurrency_is_in_force_on_the_emulator(stack: Stack) -> None:
    concurrency = client(stack.config, "lambda").get_function_concurrency(
        FunctionName="trunkline-local-dialer"
    )
    lanes = stage_settings("local").dialer_lanes * stack.config.users
    assert concurrency["ReservedConcurrentExecutions"] == lanes


@dataclass
class DemoRun:
    """What `make run ONCE=1` printed, how it ended, and what it held in memory while its call was made."""

    config: StackConfig
    returncode: int
    output: str
    memory_mb: list[dict[str, float]]


@pytest.fixture(scope="module")
def demo_run() -> DemoRun:
    """The program of `make run`, on ports of its own, so that a stack that is up is not disturbed."""
    config = for_tests("unused")
    environment = {**os.environ, "TRUNKLINE_API_PORT": str(config.api_port), "PYTHONUNBUFFERED": "1"}
    environment |= {"TRUNKLINE_EMULATOR_PORT": str(config.emulator_port)}
    environment |= {"TRUNKLINE_LIVEKIT_PORT": str(config.livekit_port), "COLUMNS": "200"}
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "LIVEKIT_URL"):
        environment.pop(name, None)
    program = subprocess.Popen(
        [sys.executable, "-m", "local", "run", "--once"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert program.stdout is not None
    lines, held = [], []
    for line in program.stdout:
        lines.append(line)
        if "/api/v1/calls/outbound" in "".join(lines):
            held.append(memory_mb(psutil.Process(program.pid).children()))
    if "already running in this folder" in "".join(lines):
        pytest.skip("a stack of `make run` is up in this folder")
    return DemoRun(config, program.wait(), "".join(lines), held)


@pytest.mark.xdist_group("local-program")
def test_make_run_once_does_the_main_job_and_ends_with_0(demo_run: DemoRun) -> None:
    assert demo_run.returncode == 0, demo_run.output
    shown = [word for word in ("queued", "connecting", "active", "completed") if word in demo_run.output]
    assert shown == ["queued", "connecting", "active", "completed"]
    for id_form in ("call-", "AD_", "PA_", "SCL_"):
        assert id_form in demo_run.output
    config = demo_run.config
    ports = (config.api_port, config.emulator_port, config.livekit_port)
    poll(lambda: all(port_is_free(port) for port in ports), bool)


@pytest.mark.xdist_group("local-program")
def test_the_whole_stack_stays_small_while_it_does_the_main_job(demo_run: DemoRun) -> None:
    """What the stack of somebody who tries the product holds."""
    while_up = [held for held in demo_run.memory_mb if any("ministack" in name for name in held)]
    assert len(while_up) >= 3, demo_run.memory_mb
    assert max(sum(held.values()) for held in while_up) < MAX_MEMORY_MB, while_up
