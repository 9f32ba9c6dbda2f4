"""`trunkline tenants …` and `trunkline keys …`."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from trunkline.auth.api_key_schemas import MAX_PER_MINUTE
from trunkline_cli.terminal import Stage, Tenant, complaining, console, operator_of

tenants, keys = typer.Typer(), typer.Typer()
_DEFAULT_SCOPES = "admin"


@tenants.command("create")
def create_tenant(name: str, stage: Stage = "dev") -> None:
    """Make a tenant and print its id."""
    with complaining():
        console.print(operator_of(stage).tenants.create(name))


@tenants.command("set")
def set_tenant(  # noqa: PLR0913, PLR0917 - a tenant's bounds
    tenant: str,
    retention_days: Annotated[
        int | None, typer.Option(min=0, max=3650, help="How long calls are kept after their end.")
    ] = None,
    requests_per_minute: Annotated[
        int | None,
        typer.Option(min=0, max=MAX_PER_MINUTE, help="Of keys without a limit of their own; default 600."),
    ] = None,
    max_calls_waiting: Annotated[int | None, typer.Option(min=0, help="In its lines.")] = None,
    max_calls_in_progress: Annotated[int | None, typer.Option(min=0, help="Over all its trunks.")] = None,
    max_calls_a_day: Annotated[int | None, typer.Option(min=0, help="Of a day in UTC.")] = None,
    stage: Stage = "dev",
) -> None:
    """Set a tenant's bounds; what is not named stays, 0 takes a bound away. It counts within a minute."""
    named = {
        "retention_days": retention_days,
        "requests_per_minute": requests_per_minute,
        "max_calls_waiting": max_calls_waiting,
        "max_calls_in_progress": max_calls_in_progress,
        "max_calls_a_day": max_calls_a_day,
    }
    facts = {name: value or None for name, value in named.items() if value is not None}
    with complaining():
        if not facts:
            raise typer.BadParameter("name at least one bound")
        operator_of(stage).set_tenant(tenant, facts)


@keys.command("create")
def create_key(  # noqa: PLR0913, PLR0917 - a key's bounds
    tenant: Tenant,
    name: str = "default",
    scopes: Annotated[str, typer.Option(help="Comma-separated.")] = _DEFAULT_SCOPES,
    test: Annotated[bool, typer.Option("--test", help="A test key: as_test_…")] = False,
    expires_at: Annotated[str | None, typer.Option(help="ISO 8601 with its offset.")] = None,
    address: Annotated[list[str] | None, typer.Option(help="Where it may be used from; repeatable.")] = None,
    requests_per_minute: Annotated[int | None, typer.Option(help="Default: the tenant's, else 600.")] = None,
    stage: Stage = "dev",
) -> None:
    """Make an API key and print it: it is shown only now."""
    bounds = {
        "expires_at": expires_at,
        "allowed_addresses": address or [],
        "requests_per_minute": requests_per_minute,
    }
    with complaining():
        operator = operator_of(stage)
        console.print(operator.create_key(tenant, name, scopes.split(","), livemode=not test, **bounds))


@keys.command("list")
def list_keys(tenant: Tenant, stage: Stage = "dev") -> None:
    """Show a tenant's keys: their rights, and when they were last used."""
    with complaining():
        table = Table("id", "name", "key", "scopes", "expires", "last used")
        for key in operator_of(stage).list_keys(tenant):
            when = key["expires_at"] or "", key["last_used_at"] or "never"
            table.add_row(key["id"], key["name"], key["hint"], ",".join(key["scopes"]), *when)
        console.print(table)


@keys.command("revoke")
def revoke_key(key_id: str, tenant: Tenant, stage: Stage = "dev") -> None:
    """End a key and the sessions of it, at once."""
    with complaining():
        operator_of(stage).revoke_key(tenant, key_id)
