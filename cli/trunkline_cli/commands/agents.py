"""The `trunkline agents` commands."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from trunkline.agents.schemas import AgentSpec
from trunkline.core.validation import validated
from trunkline_cli.console import Stage, Tenant, connect, report_errors, show

app = typer.Typer(no_args_is_help=True, help="Create the voice agents of a tenant.")


@app.command("create")
def create_agent(
    name: Annotated[str, typer.Argument(help="Name of the agent, unique in its tenant.")],
    tenant: Tenant,
    livekit_agent_name: Annotated[
        str, typer.Option(help="The agent_name that its LiveKit worker registers.")
    ],
    trunk: Annotated[str, typer.Option(help="Name or id of the trunk it calls over.")],
    number: Annotated[
        list[str] | None,
        typer.Option(help="Caller number (E.164); repeatable. Default: all numbers of the trunk."),
    ] = None,
    stage: Stage = "dev",
) -> None:
    """Create a voice agent, and print its id."""
    values: dict[str, Any] = {"name": name, "livekit_agent_name": livekit_agent_name, "trunk": trunk}
    values["phone_numbers"] = number or []
    with report_errors():
        show(connect(stage).create_agent(tenant, validated(AgentSpec, values)).id)
