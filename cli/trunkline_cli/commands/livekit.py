"""The `trunkline livekit` commands."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

import typer

from trunkline.core.errors import InvalidRequest
from trunkline_cli.console import Stage, connect, report_errors, show
from trunkline_cli.stack_outputs import stack_outputs

_PROJECT_URL = re.compile(
    r"(https?|wss?)://([A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?/?"
)
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
        require_project_url(url)
        connect(stage).set_livekit(url, api_key, api_secret)
        webhook_url = stack_outputs(stage)["LiveKitWebhookUrl"]
        show(f"LiveKit is set. Add this webhook URL in the project's settings: {webhook_url}")


def require_project_url(url: str) -> None:
    """Require the URL of a project: LiveKit's own error for a mistyped one is that nobody answered.

    Raises:
        InvalidRequest: it has another form.
    """
    try:
        parts = urlsplit(url)
        is_valid = parts.port != 0 and bool(_PROJECT_URL.fullmatch(url) and parts.hostname)
    except ValueError:
        is_valid = False
    if not is_valid:
        raise InvalidRequest(
            f"{url!r} is no URL of a LiveKit project: use for example wss://acme.livekit.cloud"
        )
