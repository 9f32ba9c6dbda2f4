"""The `trunkline cost` command: what calls cost on AWS by list prices."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from trunkline_cli.console import report_errors, show, show_table
from trunkline_cli.cost.estimate import LineItem, Traffic, bill, idle_bill, total_usd


def cost(  # noqa: PLR0913 - the command's options
    *,
    calls: Annotated[float, typer.Option(help="Calls a month.")] = 1_000_000,
    cps: Annotated[float, typer.Option(help="Calls a second while there are calls.")] = 1,
    ring_s: Annotated[float, typer.Option(help="Seconds that a phone rings.")] = 15,
    talk_s: Annotated[float, typer.Option(help="Seconds that an answered call lasts.")] = 90,
    answered: Annotated[float, typer.Option(help="Share of the calls that are answered, 0 to 1.")] = 1,
    webhook_events: Annotated[float, typer.Option(help="Deliveries of webhooks for each call.")] = 0,
    endpoint_ms: Annotated[float, typer.Option(help="Milliseconds until an endpoint responds.")] = 200,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Estimate what a month of calls costs on AWS by list prices of us-east-1; LiveKit is not in it."""
    with report_errors():
        try:
            lines = bill(Traffic(calls, cps, ring_s, talk_s, answered, webhook_events, endpoint_ms))
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error
    if as_json:
        typer.echo(json.dumps(_as_json(lines), indent=2))
        return
    show_table(("service", "what", "quantity", "$"), [_cells(line) for line in lines])
    show(f"{total_usd(lines):.2f} $ for {calls:,.0f} calls")
    show(f"{total_usd(idle_bill()):.2f} $ a month for the stage without a call")


def _cells(line: LineItem) -> tuple[str, str, str, str]:
    return line.service, line.what, f"{line.quantity:,.1f} {line.price.unit}", f"{line.usd:.2f}"


def _as_json(lines: list[LineItem]) -> dict[str, object]:
    return {
        "lines": [
            {"service": line.service, "what": line.what, "quantity": line.quantity, "usd": round(line.usd, 4)}
            for line in lines
        ],
        "calls_usd": round(total_usd(lines), 2),
        "idle_usd_a_month": round(total_usd(idle_bill()), 2),
    }
