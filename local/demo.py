"""The demo call of `make run`, and its progress on the console."""

from __future__ import annotations

import json
import time
from typing import Any

from rich.console import Console
from trunkline_cli.api import ApiClient
from trunkline_cli.watch import watch

from infrastructure.settings import stage_settings
from local.config import STAGE
from local.stack import Stack

DEMO_NUMBER = "+15550100001"
_TIMEOUT_S = 60
_LABELS = {
    "roomId": "LiveKit room",
    "jobId": "agent dispatch",
    "sipParticipantId": "SIP participant",
    "sipCallId": "SIP call",
}


def place_demo_call(stack: Stack, console: Console) -> bool:
    """Place the demo call and print each change; return whether it was completed.

    Raises:
        ApiError: the API rejected the call.
        TimeoutError: the call has not ended within a minute.
    """
    api = ApiClient(stack.config.api_url, demo_key(stack))
    started_s = time.monotonic()
    accepted = api.place_call({"agentId": stack.seed.agent_id, "phoneNumber": DEMO_NUMBER})
    took_ms = (time.monotonic() - started_s) * 1000
    console.print(f"\n[bold]POST /api/v1/calls/outbound[/] → 201 in {took_ms:.0f} ms")
    _print_detail(console, "call", accepted["id"])
    printed: set[str] = set()
    status = ""
    for call in watch(api, accepted["id"], _TIMEOUT_S):
        data = call["data"]
        if data["status"] != status:
            status = data["status"]
            console.print(f"  {time.monotonic() - started_s:6.2f} s  [bold cyan]{status}[/]")
        for name, label in _LABELS.items():
            if data[name] and name not in printed:
                printed.add(name)
                _print_detail(console, label, data[name])
    _print_ending(console, call)
    return bool(status == "completed")


def demo_key(stack: Stack) -> str:
    """Return the key that rings a phone: without SIP the simulated phone of test mode."""
    return stack.seed.test_key if stack.config.web_only else stack.seed.live_key


def dashboard_link(api_url: str, key: str) -> str:
    """Return the address of the dashboard's sign-in page with the key filled in.

    It stands in the fragment, which a browser sends to no server. A person signs in by a click: a link that
    did so by itself would let another site sign people in with a key of its own (login CSRF). The session's
    cookie is `Secure`: browsers keep it without TLS on `localhost` alone.
    """
    return f"{api_url.replace('127.0.0.1', 'localhost')}/sign-in#key={key}"


def _print_ending(console: Console, call: dict[str, Any]) -> None:
    if call["data"]["status"] == "completed":
        _print_detail(console, "duration", f"{call['data']['duration']} s")
        _print_detail(console, "reason", call["status_reason"])
    else:
        console.print(f"  [red]{call['status_reason']}[/]")


def _print_detail(console: Console, label: str, value: str) -> None:
    console.print(f"            [dim]{label:<16}[/] {value}")


def print_usage(stack: Stack, console: Console) -> None:
    """Print the URL, the API key, and a `curl` command that can be pasted as it is."""
    body = json.dumps({"agentId": stack.seed.agent_id, "phoneNumber": DEMO_NUMBER})
    console.print("\n[bold green]Trunkline is running.[/]")
    console.print(f"  [dim]API URL[/]  {stack.config.api_url}")
    console.print(f"  [dim]API key[/]  {demo_key(stack)}")
    console.print("  [dim]Dashboard[/], signed in with one click:")
    print(f"  {dashboard_link(stack.config.api_url, demo_key(stack))}\n")  # noqa: T201 - to be opened, so not wrapped
    console.print("  [dim]Documentation[/]")
    print(f"  {stack.config.api_url}/docs/\n")  # noqa: T201 - to be opened
    print(f"curl -X POST {stack.config.api_url}/api/v1/calls/outbound \\")  # noqa: T201 - to be pasted, so not wrapped
    print(f"  -H 'x-api-key: {demo_key(stack)}' \\")  # noqa: T201
    print("  -H 'Content-Type: application/json' \\")  # noqa: T201
    print(f"  -d '{body}'")  # noqa: T201
    first, last = stage_settings(STAGE).outgoing_loopback_ports.split("-")
    console.print("\n  [dim]Operate it[/]  .venv/bin/trunkline --local tenants list")
    console.print(
        f"  [dim]Your webhook[/]  http://127.0.0.1 or http://localhost, with a port from {first} to {last}"
    )
    if stack.config.web_only:
        _print_web_call(stack, console)
    console.print(f"\n[dim]All URLs, keys and ids are in {stack.config.stack_file}. Press Ctrl-C to stop.[/]")


def _print_web_call(stack: Stack, console: Console) -> None:
    """Print the command that starts a web call, to be pasted as it is."""
    body = json.dumps({"workflow_slug": stack.seed.workflow_slug, "user_id": "me"})
    console.print(
        "\n[dim]A web call, to join with its url and token, as at https://meet.livekit.io."
        " An agent takes it: make run AGENT=examples/agent[/]"
    )
    print(f"curl -X POST {stack.config.api_url}/api/v1/calls -H 'x-api-key: {stack.seed.live_key}' \\")  # noqa: T201
    print(f"  -H 'Content-Type: application/json' -d '{body}'")  # noqa: T201
