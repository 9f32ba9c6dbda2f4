"""`trunkline`: tenants, keys, trunks, agents and calls of a deployment, with your AWS credentials."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from rich.table import Table

from trunkline.agents.schemas import AgentSpec
from trunkline.core.clock import SystemClock
from trunkline.core.validation import validated
from trunkline.trunks.schemas import TrunkSpec
from trunkline_cli.dead_letters import open_dead_letters
from trunkline_cli.operator import set_livekit, stack_outputs
from trunkline_cli.suppressions import suppressions
from trunkline_cli.tenant_commands import keys, tenants
from trunkline_cli.terminal import Key, Stage, Tenant, Url, complaining, console, operator_of
from trunkline_cli.watch import Api, follow

app = typer.Typer(no_args_is_help=True, help=__doc__)
trunks, agents, calls = typer.Typer(), typer.Typer(), typer.Typer()
livekit, dead_letters = typer.Typer(), typer.Typer()
app.add_typer(tenants, name="tenants", help="The deployment's tenants.")
app.add_typer(keys, name="keys", help="A tenant's API keys.")
app.add_typer(trunks, name="trunks", help="SIP trunks and who may use them.")
app.add_typer(agents, name="agents", help="A tenant's voice agents.")
app.add_typer(suppressions, name="suppressions", help="Numbers that a tenant has not called.")
app.add_typer(calls, name="calls", help="Place and watch calls, as a tenant.")
app.add_typer(livekit, name="livekit", help="The deployment's LiveKit project.")
app.add_typer(dead_letters, name="dead-letters", help="Wakes that failed three times.")


@trunks.command("create")
def create_trunk(  # noqa: PLR0913, PLR0917 - a trunk's properties
    name: str,
    sip_trunk_id: Annotated[str, typer.Option(help="LiveKit's id of the outbound trunk, ST_…")],
    cps: Annotated[float, typer.Option(help="INVITEs a second the carrier takes.")],
    number: Annotated[list[str], typer.Option(help="A number of the trunk, E.164; repeatable.")],
    grant: Annotated[list[str] | None, typer.Option(help="A tenant that may use it; repeatable.")] = None,
    max_concurrent_calls: Annotated[int | None, typer.Option(help="Calls at once, at most.")] = None,
    direct_share: Annotated[float, typer.Option(help="Share that batch calls leave to direct ones.")] = 0.0,
    own_livekit: Annotated[bool, typer.Option("--own-livekit", help="Of the tenant's own LiveKit.")] = False,
    stage: Stage = "dev",
) -> None:
    """Make a trunk, grant it to tenants and print its id."""
    values = {"name": name, "sip_trunk_id": sip_trunk_id, "cps": cps, "numbers": number}
    values |= {"max_concurrent_calls": max_concurrent_calls, "direct_share": direct_share}
    values |= {"own_livekit": own_livekit}
    with complaining():
        console.print(operator_of(stage).create_trunk(validated(TrunkSpec, values), grant or []).id)


@trunks.command("grant")
def grant_trunk(
    trunk_id: str,
    tenant: Tenant,
    max_concurrent_calls: Annotated[int | None, typer.Option(help="Of this tenant, on this trunk.")] = None,
    stage: Stage = "dev",
) -> None:
    """Let a tenant dial through a trunk; granting again replaces its limit."""
    with complaining():
        operator_of(stage).grant(trunk_id, tenant, max_concurrent_calls)


@trunks.command("list")
def list_trunks(stage: Stage = "dev") -> None:
    """Show every trunk: its bounds, whether it is paused and why, and how many tenants use it."""
    with complaining():
        table = Table("trunk", "id", "cps", "concurrent", "tenants", "state")
        now_ms = SystemClock().wall_ms()
        for state in operator_of(stage).trunk_states():
            trunk = state.trunk
            bounds = f"{trunk.cps:g}", str(trunk.max_concurrent_calls or "")
            condition = state.paused_because(now_ms) or "open"
            table.add_row(trunk.name, trunk.id, *bounds, str(len(state.tenants)), condition)
        console.print(table)


@trunks.command("pause")
def pause_trunk(trunk_id: str, stage: Stage = "dev") -> None:
    """Dial nothing more on a trunk; what rings goes on, and its calls wait until their deadlines."""
    with complaining():
        operator_of(stage).pause(trunk_id, paused=True)


@trunks.command("resume")
def resume_trunk(trunk_id: str, stage: Stage = "dev") -> None:
    """End the operator's pause of a trunk."""
    with complaining():
        operator_of(stage).pause(trunk_id, paused=False)


@agents.command("create")
def create_agent(
    name: str,
    tenant: Tenant,
    livekit_agent_name: Annotated[str, typer.Option(help="The agent_name its LiveKit worker registers.")],
    trunk: Annotated[str, typer.Option(help="The trunk's name or id.")],
    number: Annotated[
        list[str] | None, typer.Option(help="Call from this number; default: all of the trunk's.")
    ] = None,
    stage: Stage = "dev",
) -> None:
    """Make a voice agent and print its id."""
    values: dict[str, Any] = {"name": name, "livekit_agent_name": livekit_agent_name, "trunk": trunk}
    values["phone_numbers"] = number or []
    with complaining():
        console.print(operator_of(stage).create_agent(tenant, validated(AgentSpec, values)).id)


@app.command()
def apply(file: Path, stage: Stage = "dev") -> None:
    """Bring a tenant's trunks and agents to what FILE declares, and show what changed."""
    with complaining():
        declared = yaml.safe_load(file.read_text())
        if not isinstance(declared, dict):
            raise typer.BadParameter("the file must hold tenant, trunks and agents")
        table = Table("", "name", "id", "")
        for line in operator_of(stage).apply(declared):
            table.add_row(line.kind, line.name, line.id, line.what)
        console.print(table)


@livekit.command("set")
def livekit_set(
    url: str,
    api_key: str,
    api_secret: Annotated[str, typer.Option(prompt=True, hide_input=True)],
    stage: Stage = "dev",
) -> None:
    """Tell the deployment its LiveKit project; the secret is asked for and not shown."""
    with complaining():
        set_livekit(operator_of(stage), url, api_key, api_secret)
        webhook = stack_outputs(stage)["LiveKitWebhookUrl"]
        console.print(f"Set. Now add this webhook URL in LiveKit: {webhook}")


@dead_letters.command("list")
def list_dead_letters(stage: Stage = "dev") -> None:
    """Show the dead letters: which trunks the dialer crashes for. They stay."""
    with complaining():
        letters = open_dead_letters(stack_outputs(stage)).look()
        for letter in letters:
            console.print(f"{letter.sent_at}  {letter.trunk_id}")
        console.print(f"{len(letters)} dead letters")


@dead_letters.command("redrive")
def redrive_dead_letters(stage: Stage = "dev") -> None:
    """Wake each trunk that has dead letters, and delete them. The reconciler has tried every minute, too."""
    with complaining():
        woken = open_dead_letters(stack_outputs(stage)).redrive()
        console.print(f"woken: {', '.join(woken) or 'none'}")


@calls.command("place")
def place_call(  # noqa: PLR0913, PLR0917 - a call's properties
    agent_id: str,
    phone_number: str,
    key: Key,
    priority: int = 5,
    caller_id: str | None = None,
    metadata: Annotated[str, typer.Option(help="A JSON object.")] = "{}",
    url: Url = "",
    stage: Stage = "dev",
) -> None:
    """Ring a phone and print the call's id."""
    with complaining():
        body = {"agentId": agent_id, "phoneNumber": phone_number, "priority": priority}
        body |= {"metadata": json.loads(metadata)} | ({"callerId": caller_id} if caller_id else {})
        console.print(_api(url, key, stage).place(body)["id"])


@calls.command("watch")
def watch_call(call_id: str, key: Key, url: Url = "", stage: Stage = "dev", timeout_s: float = 3600) -> None:
    """Show how a call goes until it ends; exit code 0 only if it was completed."""
    with complaining():
        status = ""
        for call in follow(_api(url, key, stage), call_id, timeout_s):
            data = call["data"]
            ids = " ".join(str(data[name]) for name in ("roomId", "jobId", "sipParticipantId") if data[name])
            status, reason = data["status"], call["status_reason"] or ""
            console.print(f"{status:<12} {ids} {reason}".rstrip())
    raise typer.Exit(0 if status == "completed" else 1)


def _api(url: str, key: str, stage: str) -> Api:
    return Api(url or stack_outputs(stage)["ApiUrl"], key)


if __name__ == "__main__":
    app()
