"""The local program itself: what it writes down, what it says when it can't start, what it leaves."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil
import pytest

from infrastructure.settings import stage_settings
from local.config import ROOT, StackConfig, for_tests
from local.deployment import client
from local.processes import CannotStart, Processes, port_is_free, stop_leftovers
from local.stack import Stack, local_stack

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
    answer = httpx.get(f"{written['api_url']}/api/v1/calls/x", headers={"x-api-key": written["live_key"]})
    assert answer.status_code == 404
    assert Path(written["invite_log"]).name == "invites.jsonl"


def test_a_second_stack_in_the_same_folder_is_refused_clearly(stack: Stack) -> None:
    with pytest.raises(CannotStart, match="already running in this folder"), local_stack(stack.config, print):
        pass
    assert httpx.get(stack.config.livekit[0]).status_code == 200, "the first one goes on"


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
    child_gone = psutil.wait_procs([child], timeout=5)[1] == []
    stop_leftovers(tmp_path)
    assert child_gone or not child.is_running()
    assert stop_leftovers(tmp_path) == []


def test_reserved_concurrency_is_in_force_on_the_emulator(stack: Stack) -> None:
    concurrency = client(stack.config, "lambda").get_function_concurrency(
        FunctionName="trunkline-local-dialer"
    )
    assert concurrency["ReservedConcurrentExecutions"] == stage_settings("local").dialer_lanes


def test_make_run_once_does_the_main_job_and_ends_with_0() -> None:
    """The program of `make run`, on ports of its own, so that a stack that is up is not disturbed."""
    config = for_tests("unused")
    environment = {**os.environ, "TRUNKLINE_API_PORT": str(config.api_port)}
    environment |= {"TRUNKLINE_EMULATOR_PORT": str(config.emulator_port)}
    environment |= {"TRUNKLINE_LIVEKIT_PORT": str(config.livekit_port), "COLUMNS": "200"}
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "LIVEKIT_URL"):
        environment.pop(name, None)
    done = subprocess.run(
        [sys.executable, "-m", "local", "run", "--once"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    if "already running in this folder" in done.stdout:
        pytest.skip("a stack of `make run` is up in this folder")
    assert done.returncode == 0, done.stdout + done.stderr
    shown = [word for word in ("queued", "connecting", "active", "completed") if word in done.stdout]
    assert shown == ["queued", "connecting", "active", "completed"]
    for id_form in ("call-", "AD_", "PA_", "SCL_"):
        assert id_form in done.stdout
    time.sleep(0.5)
    assert all(port_is_free(port) for port in (config.api_port, config.emulator_port, config.livekit_port))
