"""The demo call: one request, and a live account of what becomes of it."""

from __future__ import annotations

import json
import time

from rich.console import Console
from trunkline_cli.watch import ApiClient, watch

from local.stack import Stack

DEMO_NUMBER = "+15550100001"
_TIMEOUT_S = 60
_SHOWN = {
    "roomId": "room",
    "jobId": "dispatch",
    "sipParticipantId": "SIP participant",
    "sipCallId": "SIP call",
}


def ring_a_phone(stack: Stack, console: Console) -> bool:
    """Place the demo call and print each change; say whether it was completed."""
    api = ApiClient(stack.config.api_url, stack.seed.live_key)
    began_s = time.monotonic()
    accepted = api.place_call({"agentId": stack.seed.agent_id, "phoneNumber": DEMO_NUMBER})
    took_ms = (time.monotonic() - began_s) * 1000
    console.print(f"\n[bold]POST /api/v1/calls/outbound[/] → 201 in {took_ms:.0f} ms")
    console.print(f"            [dim]{'call':<16}[/] {accepted['id']}")
    shown: set[str] = set()
    status = ""
    for call in watch(api, accepted["id"], _TIMEOUT_S):
        data = call["data"]
        if data["status"] != status:
            status = data["status"]
            console.print(f"  {time.monotonic() - began_s:6.2f} s  [bold cyan]{status}[/]")
        for name, label in _SHOWN.items():
            if data[name] and name not in shown:
                shown.add(name)
                console.print(f"            [dim]{label:<16}[/] {data[name]}")
    if status == "completed":
        console.print(f"            [dim]{'talked':<16}[/] {data['duration']} s, {call['status_reason']}")
    else:
        console.print(f"  [red]{call['status_reason']}[/]")
    return bool(status == "completed")


def show_how_to_use(stack: Stack, console: Console) -> None:
    """Print URL, key and a `curl` that works as it is."""
    body = json.dumps({"agentId": stack.seed.agent_id, "phoneNumber": DEMO_NUMBER})
    console.print("\n[bold green]Trunkline is up.[/]")
    console.print(f"  [dim]API[/]  {stack.config.api_url}")
    console.print(f"  [dim]key[/]  {stack.seed.live_key}\n")
    print(f"curl -X POST {stack.config.api_url}/api/v1/calls/outbound \\")  # noqa: T201 - to be pasted: no wrapping
    print(f"  -H 'x-api-key: {stack.seed.live_key}' \\")  # noqa: T201
    print("  -H 'Content-Type: application/json' \\")  # noqa: T201
    print(f"  -d '{body}'")  # noqa: T201
    console.print(f"\n[dim]Everything else is in {stack.config.stack_file}. Ctrl-C stops the stack.[/]")
