"""`python -m local.livekit`: serve the stand-in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from aiohttp import web

from local.livekit.server import StandIn
from local.livekit.worker import Worker


def main(  # noqa: PLR0913, PLR0917 - the command's options
    invite_log: Annotated[Path, typer.Option(help="Where every INVITE is logged.")],
    port: int = 7880,
    api_key: str = "devkey",
    api_secret: str = "secret",  # noqa: S107 - the stand-in's, as livekit-server --dev has it
    webhook_url: list[str] | None = None,
    api_url: Annotated[str, typer.Option(help="Where agents that talk report.")] = "",
    talking_agent: Annotated[list[str] | None, typer.Option(help="The name of an agent that talks.")] = None,
) -> None:
    stand_in = StandIn(
        api_key=api_key,
        api_secret=api_secret,
        webhook_urls=webhook_url or [],
        invite_log=invite_log,
        worker=Worker(api_url, api_key, api_secret, frozenset(talking_agent or [])),
    )
    web.run_app(
        stand_in.app(), host="127.0.0.1", port=port, print=None, handle_signals=True, shutdown_timeout=0.2
    )


if __name__ == "__main__":
    typer.run(main)
