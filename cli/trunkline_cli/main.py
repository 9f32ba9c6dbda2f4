"""The root of the `trunkline` command line."""

from __future__ import annotations

import os
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from trunkline_cli.commands import (
    agents,
    apply,
    batches,
    calls,
    cost,
    dead_letters,
    doctor,
    events,
    keys,
    livekit,
    profiles,
    restore,
    suppressions,
    tenants,
    trunks,
)
from trunkline_cli.console import report_errors, show
from trunkline_cli.local_stack import use_local_stack
from trunkline_cli.profiles import CHOSEN

# A traceback must not show API keys, secrets or the pepper, which are values of its frames.
app = typer.Typer(no_args_is_help=True, pretty_exceptions_show_locals=False)


def _print_version(wanted: bool) -> None:
    if wanted:
        show(f"trunkline {metadata.version('trunkline')}")
        raise typer.Exit


@app.callback()
def choose_deployment(
    local: Annotated[
        bool,
        typer.Option("--local", envvar="TRUNKLINE_LOCAL", help="Work on the local stack of `make run`."),
    ] = False,
    profile: Annotated[
        str | None,
        typer.Option(envvar=CHOSEN, help="Use the API and key of this profile: see `trunkline login`."),
    ] = None,
    _: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Manage a deployment with your AWS credentials, and its calls with an API key."""
    if profile:
        os.environ[CHOSEN] = profile
    if local:
        os.environ.pop(CHOSEN, None)
        with report_errors():
            use_local_stack(os.environ, Path.cwd())


app.command("login")(profiles.login)
app.command("logout")(profiles.logout)
app.command("profiles")(profiles.list_profiles)
app.command("apply")(apply.apply)
app.command("doctor")(doctor.doctor)
app.command("restore")(restore.restore)
app.command("cost")(cost.cost)
app.command("listen")(events.listen)
app.add_typer(tenants.app, name="tenants")
app.add_typer(keys.app, name="keys")
app.add_typer(trunks.app, name="trunks")
app.add_typer(agents.app, name="agents")
app.add_typer(suppressions.app, name="suppressions")
app.add_typer(calls.app, name="calls")
app.add_typer(batches.app, name="batches")
app.add_typer(events.app, name="events")
app.add_typer(livekit.app, name="livekit")
app.add_typer(dead_letters.app, name="dead-letters")

if __name__ == "__main__":
    app()
