"""The demo call of `make run AGENT=…`: a web call that a participant joins, says hello in, and leaves."""

from __future__ import annotations

import os
import subprocess
import time
from typing import Any

import httpx
from rich.console import Console
from rich.markup import escape
from trunkline_cli.api import ApiClient, ApiError

from local.agent import LIVEKIT_PYTHON
from local.config import ROOT
from local.stack import Stack
from local.web_participant import TOKEN_VARIABLE, URL_VARIABLE

_PARTICIPANT_S = 120
_ENDS_WITHIN_S = 60
_ENDED = {"completed", "failed", "disconnected", "timeout"}


def talk_to_agent(stack: Stack, console: Console) -> bool:
    """Place a web call, join it, greet the agent, and print what was said; return whether the agent spoke.

    Raises:
        ApiError: the API rejected a request.
        TimeoutError: the call has not ended within a minute after the person left.
    """
    body = {
        "workflow_slug": stack.seed.workflow_slug,
        "user_id": "demo",
        "user_context": {"user_name": "Ada"},
    }
    headers = {"x-api-key": stack.seed.live_key}
    response = httpx.post(f"{stack.config.api_url}/api/v1/calls", json=body, headers=headers, timeout=30)
    if response.status_code != httpx.codes.CREATED:
        raise ApiError(f"POST /api/v1/calls: {response.status_code} {response.text}", response.status_code)
    opened = response.json()
    console.print(f"\n[bold]POST /api/v1/calls[/] → {response.status_code}, call {opened['call_id']}")
    console.print("[dim]A participant joins with its token and says hello.[/]")
    joined = _join(stack.config.livekit[0], opened["token"])
    call = _ended_call(stack, opened["call_id"])
    _print_call(call, console)
    spoke = any(turn["role"] == "assistant" for turn in call["transcript"])
    if not spoke:
        console.print(f"  [red]✗ the agent said nothing.[/] {escape(joined)}")
    return spoke


def _join(livekit_url: str, token: str) -> str:
    """Run the participant in the environment that has LiveKit's client; return what it could not do.

    The token goes by the environment: everybody on the machine can read a program's arguments.
    """
    command = [str(LIVEKIT_PYTHON), "-m", "local.web_participant"]
    address = {URL_VARIABLE: livekit_url.replace("http", "ws", 1), TOKEN_VARIABLE: token}
    try:
        done = subprocess.run(  # noqa: S603 - our own program
            command,
            cwd=ROOT,
            env={**os.environ, **address},
            capture_output=True,
            text=True,
            timeout=_PARTICIPANT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "The participant did not come to an end."
    return done.stderr.strip().splitlines()[-1] if done.returncode and done.stderr.strip() else ""


def _ended_call(stack: Stack, call_id: str) -> dict[str, Any]:
    api = ApiClient(stack.config.api_url, stack.seed.live_key)
    deadline_s = time.monotonic() + _ENDS_WITHIN_S
    while time.monotonic() < deadline_s:
        call = api.get_call(call_id)
        if call["status"] in _ENDED:
            return call
        time.sleep(0.5)
    raise TimeoutError(f"call {call_id} has not ended")


def _print_call(call: dict[str, Any], console: Console) -> None:
    for turn in call["transcript"]:
        speaker = turn["agent"] or turn["role"]
        console.print(f"  [bold cyan]{escape(speaker)}[/]: {escape(turn['content'])}")
    console.print(f"  [dim]status[/] {call['status']} ({call['status_reason']})")
