"""The `trunkline keys` commands."""

from __future__ import annotations

from typing import Annotated

import typer

from trunkline.auth.api_key_schemas import ApiKeyView
from trunkline.core.rate_limit import DEFAULT_PER_MINUTE
from trunkline_cli.console import Stage, Tenant, connect, report_errors, show, show_table

app = typer.Typer(no_args_is_help=True, help="Create, list and revoke the API keys of a tenant.")
_DEFAULT_SCOPES = "admin"


@app.command("create")
def create_key(  # noqa: PLR0913, PLR0917 - one option for each property of a key
    tenant: Tenant,
    name: Annotated[str, typer.Option(help="Name of the key.")] = "default",
    scopes: Annotated[str, typer.Option(help="Scopes, separated by commas.")] = _DEFAULT_SCOPES,
    test: Annotated[
        bool, typer.Option("--test", help="Create a test key (as_test_…); its calls ring no phone.")
    ] = False,
    expires_at: Annotated[
        str | None, typer.Option(help="When the key expires: ISO 8601 with a UTC offset. Default: never.")
    ] = None,
    address: Annotated[
        list[str] | None,
        typer.Option(help="IP address or network that may use the key; repeatable. Default: any."),
    ] = None,
    requests_per_minute: Annotated[
        int | None,
        typer.Option(help=f"Requests a minute. Default: the tenant's limit, or {DEFAULT_PER_MINUTE}."),
    ] = None,
    stage: Stage = "dev",
) -> None:
    """Create an API key, and print it. It cannot be shown again."""
    limits = {
        "expires_at": expires_at,
        "allowed_addresses": address or [],
        "requests_per_minute": requests_per_minute,
    }
    with report_errors():
        operator = connect(stage)
        show(operator.create_key(tenant, name, scopes.split(","), livemode=not test, **limits))


@app.command("list")
def list_keys(tenant: Tenant, stage: Stage = "dev") -> None:
    """List the API keys of a tenant: scopes, expiry and last use."""
    with report_errors():
        headers = "id", "name", "key", "scopes", "expires", "last used"
        show_table(headers, [_row(key) for key in connect(stage).list_keys(tenant)])


def _row(key: ApiKeyView) -> tuple[str, ...]:
    times = key["expires_at"] or "", key["last_used_at"] or "never"
    return key["id"], key["name"], key["hint"], ",".join(key["scopes"]), *times


@app.command("revoke")
def revoke_key(
    key_id: Annotated[str, typer.Argument(help="Id of the key, as `keys list` shows it.")],
    tenant: Tenant,
    stage: Stage = "dev",
) -> None:
    """Revoke an API key and its sessions, with immediate effect."""
    with report_errors():
        connect(stage).revoke_key(tenant, key_id)
