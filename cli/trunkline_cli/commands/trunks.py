"""The `trunkline trunks` commands."""

from __future__ import annotations

from typing import Annotated

import typer

from trunkline.core.clock import SystemClock
from trunkline.core.validation import validated
from trunkline.trunks.models import TrunkState
from trunkline.trunks.schemas import MAX_CONCURRENT_CALLS, TrunkSpec
from trunkline_cli.console import Stage, Tenant, connect, report_errors, show, show_table

app = typer.Typer(no_args_is_help=True, help="Create, share, pause and resume SIP trunks.")
TrunkId = Annotated[str, typer.Argument(help="Id of the trunk, as `trunks list` shows it.")]


@app.command("create")
def create_trunk(  # noqa: PLR0913, PLR0917 - one option for each property of a trunk
    name: Annotated[str, typer.Argument(help="Name of the trunk.")],
    sip_trunk_id: Annotated[str, typer.Option(help="LiveKit's id of the SIP outbound trunk, ST_…")],
    cps: Annotated[
        float, typer.Option(help="Calls per second that the carrier accepts: 1 to 100, or 0.1 to below 1.")
    ],
    number: Annotated[list[str], typer.Option(help="Phone number of the trunk (E.164); repeatable.")],
    grant: Annotated[
        list[str] | None, typer.Option(help="Name or id of a tenant that may use the trunk; repeatable.")
    ] = None,
    max_concurrent_calls: Annotated[
        int | None, typer.Option(help="Maximum number of concurrent calls. Default: no limit.")
    ] = None,
    direct_share: Annotated[
        float,
        typer.Option(help="Share of pace and concurrency reserved for calls outside batches, 0 to 0.9."),
    ] = 0.0,
    own_livekit: Annotated[
        bool, typer.Option("--own-livekit", help="Use the LiveKit project of the one tenant in --grant.")
    ] = False,
    stage: Stage = "dev",
) -> None:
    """Create a trunk, grant it to tenants, and print its id."""
    values = {"name": name, "sip_trunk_id": sip_trunk_id, "cps": cps, "numbers": number}
    values |= {"max_concurrent_calls": max_concurrent_calls, "direct_share": direct_share}
    values |= {"own_livekit": own_livekit}
    with report_errors():
        show(connect(stage).create_trunk(validated(TrunkSpec, values), grant or []).id)


@app.command("grant")
def grant_trunk(
    trunk_id: TrunkId,
    tenant: Tenant,
    max_concurrent_calls: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=MAX_CONCURRENT_CALLS,
            help="Maximum number of concurrent calls of this tenant on this trunk. Default: none.",
        ),
    ] = None,
    stage: Stage = "dev",
) -> None:
    """Allow a tenant to call over a trunk.

    Granting again replaces the limit of the tenant on this trunk.
    """
    with report_errors():
        connect(stage).grant_trunk(trunk_id, tenant, max_concurrent_calls)


@app.command("list")
def list_trunks(stage: Stage = "dev") -> None:
    """List all trunks: their limits, number of tenants, and why one is paused."""
    with report_errors():
        headers = "trunk", "id", "cps", "concurrent", "tenants", "state"
        now_ms = SystemClock().wall_ms()
        show_table(headers, [_row(state, now_ms) for state in connect(stage).trunk_states()])


def _row(state: TrunkState, now_ms: int) -> tuple[str, ...]:
    trunk = state.trunk
    limits = f"{trunk.cps:g}", str(trunk.max_concurrent_calls or "")
    condition = state.paused_because(now_ms) or "open"
    return trunk.name, trunk.id, *limits, str(len(state.tenants)), condition


@app.command("pause")
def pause_trunk(trunk_id: TrunkId, stage: Stage = "dev") -> None:
    """Stop dialling on a trunk.

    Calls that ring or talk continue; queued calls wait, and fail when they expire.
    The tenant cannot undo this pause.
    """
    with report_errors():
        connect(stage).set_trunk_paused(trunk_id, paused=True)


@app.command("resume")
def resume_trunk(trunk_id: TrunkId, stage: Stage = "dev") -> None:
    """Resume dialling on a trunk that `trunks pause` paused."""
    with report_errors():
        connect(stage).set_trunk_paused(trunk_id, paused=False)
