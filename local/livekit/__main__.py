"""The `python -m local.livekit` command, which serves the stand-in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from aiohttp import web

from local.livekit.agent_worker import AgentWorker
from local.livekit.server import StandIn

DEV_API_SECRET = "secret"  # noqa: S105 - the public one of `livekit-server --dev`


def main(  # noqa: PLR0913, PLR0917 - one option for each setting
    invite_log: Annotated[Path, typer.Option(help="File that gets a JSON line for each INVITE.")],
    port: Annotated[int, typer.Option(help="Loopback port to listen on.")] = 7880,
    api_key: Annotated[str, typer.Option(help="API key of the project.")] = "devkey",
    api_secret: Annotated[str, typer.Option(help="API secret of the project.")] = DEV_API_SECRET,
    webhook_url: Annotated[
        list[str] | None, typer.Option(help="Where webhooks are sent; repeatable.")
    ] = None,
    api_url: Annotated[str, typer.Option(help="URL of Trunkline, where talking agents report.")] = "",
    talking_agent: Annotated[
        list[str] | None, typer.Option(help="Name of an agent that talks and reports; repeatable.")
    ] = None,
    max_concurrent_webhooks: Annotated[int, typer.Option(help="Further webhooks wait.")] = 1,
) -> None:
    """Serve the stand-in on loopback until it is stopped."""
    stand_in = StandIn(
        api_key=api_key,
        api_secret=api_secret,
        webhook_urls=webhook_url or [],
        max_concurrent_webhooks=max_concurrent_webhooks,
        invite_log=invite_log,
        worker=AgentWorker(api_url, api_key, api_secret, frozenset(talking_agent or [])),
    )
    web.run_app(
        stand_in.app(), host="127.0.0.1", port=port, print=None, handle_signals=True, shutdown_timeout=0.2
    )


if __name__ == "__main__":
    typer.run(main)
