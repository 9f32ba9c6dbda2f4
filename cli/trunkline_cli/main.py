"""The root of the `trunkline` command line."""

from __future__ import annotations

import typer

from trunkline_cli.commands import (
    agents,
    apply,
    calls,
    dead_letters,
    keys,
    livekit,
    suppressions,
    tenants,
    trunks,
)

app = typer.Typer(
    no_args_is_help=True,
    help="Manage the tenants, API keys, trunks, agents and calls of a deployment, with your AWS credentials.",
)
app.command("apply")(apply.apply)
app.add_typer(tenants.app, name="tenants")
app.add_typer(keys.app, name="keys")
app.add_typer(trunks.app, name="trunks")
app.add_typer(agents.app, name="agents")
app.add_typer(suppressions.app, name="suppressions")
app.add_typer(calls.app, name="calls")
app.add_typer(livekit.app, name="livekit")
app.add_typer(dead_letters.app, name="dead-letters")

if __name__ == "__main__":
    app()
