"""The `trunkline livekit` commands."""

from __future__ import annotations

from typing import Annotated

import typer

from trunkline_cli.console import Stage, connect, console, report_errors
from trunkline_cli.operator import stack_outputs

app = typer.Typer(no_args_is_help=True, help="Configure the LiveKit project of the deployment.")


@app.command("set")
def set_livekit(
    url: Annotated[str, typer.Argument(help="URL of the LiveKit project, wss://… or https://…")],
    api_key: Annotated[str, typer.Argument(help="API key of the LiveKit project.")],
    api_secret: Annotated[
        str,
        typer.Option(
            prompt="API secret", hide_input=True, help="API secret of the project. Default: prompt for it."
        ),
    ],
    stage: Stage = "dev",
) -> None:
    """Set the LiveKit project that the deployment uses, and print the webhook URL to add there."""
    with report_errors():
        connect(stage).set_livekit(url, api_key, api_secret)
        webhook_url = stack_outputs(stage)["LiveKitWebhookUrl"]
        console.print(f"LiveKit is set. Add this webhook URL in the project's settings: {webhook_url}")
