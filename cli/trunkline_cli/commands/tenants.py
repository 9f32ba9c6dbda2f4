"""The `trunkline tenants` commands."""

from __future__ import annotations

from typing import Annotated

import typer

from trunkline.auth.api_key_schemas import MAX_PER_MINUTE
from trunkline.core.rate_limit import DEFAULT_PER_MINUTE
from trunkline_cli.console import Stage, connect, report_errors, show, show_table

app = typer.Typer(no_args_is_help=True, help="Create and list tenants, and set their limits.")
_MAX_RETENTION_DAYS = 3650
_MAX_CALLS = 1_000_000_000


@app.command("create")
def create_tenant(
    name: Annotated[str, typer.Argument(help="Name of the tenant, unique in the deployment.")],
    stage: Stage = "dev",
) -> None:
    """Create a tenant, and print its id; a name that is taken is refused."""
    with report_errors():
        show(connect(stage).tenants.create(name))


@app.command("list")
def list_tenants(stage: Stage = "dev") -> None:
    """List all tenants with their ids, by name."""
    with report_errors():
        tenants = connect(stage).tenants.all()
        show_table(("tenant", "id"), [(tenant.name, tenant.id) for tenant in tenants])


@app.command("set")
def set_tenant(  # noqa: PLR0913, PLR0917 - one option for each setting
    tenant: Annotated[str, typer.Argument(help="Name or id of the tenant.")],
    retention_days: Annotated[
        int | None,
        typer.Option(
            min=0, max=_MAX_RETENTION_DAYS, help="Delete calls this many days after they end. Default: never."
        ),
    ] = None,
    requests_per_minute: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=MAX_PER_MINUTE,
            help=f"API requests a minute of each key without its own limit. Default: {DEFAULT_PER_MINUTE}.",
        ),
    ] = None,
    max_calls_waiting: Annotated[
        int | None,
        typer.Option(min=0, max=_MAX_CALLS, help="Maximum number of calls in the tenant's queues."),
    ] = None,
    max_calls_in_progress: Annotated[
        int | None,
        typer.Option(min=0, max=_MAX_CALLS, help="Maximum number of concurrent calls over all trunks."),
    ] = None,
    max_calls_a_day: Annotated[
        int | None,
        typer.Option(min=0, max=_MAX_CALLS, help="Maximum number of calls created in a day (UTC)."),
    ] = None,
    stage: Stage = "dev",
) -> None:
    """Set the limits of a tenant, and how long its calls are kept.

    Settings that are not named stay as they are; 0 removes a limit. Changes take effect within a minute.
    """
    named = {
        "retention_days": retention_days,
        "requests_per_minute": requests_per_minute,
        "max_calls_waiting": max_calls_waiting,
        "max_calls_in_progress": max_calls_in_progress,
        "max_calls_a_day": max_calls_a_day,
    }
    changes = {name: value or None for name, value in named.items() if value is not None}
    with report_errors():
        if not changes:
            raise typer.BadParameter("set at least one limit")
        connect(stage).set_tenant(tenant, changes)
