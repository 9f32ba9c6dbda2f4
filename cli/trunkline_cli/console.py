"""Options, output and error handling that all commands share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import httpx
import typer
import yaml
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
)
from rich.console import Console
from rich.markup import escape

from trunkline.core.errors import TrunklineError
from trunkline.dial_queue.messages import WakeupNotSent
from trunkline_cli.operator import Operator, open_operator, stack_outputs
from trunkline_cli.watch import ApiError

console, error_console = Console(highlight=False), Console(stderr=True, highlight=False)

Stage = Annotated[str, typer.Option(envvar="TRUNKLINE_STAGE", help="Stage of the deployment to work on.")]
Tenant = Annotated[str, typer.Option(help="Name or id of the tenant.")]
ApiKey = Annotated[str, typer.Option("--key", envvar="TRUNKLINE_API_KEY", help="API key of the tenant.")]
ApiUrl = Annotated[
    str,
    typer.Option("--url", envvar="TRUNKLINE_API_URL", help="URL of the API. Default: the URL of the stage."),
]


@contextmanager
def report_errors() -> Iterator[None]:
    """Print an expected error as one line on stderr, and exit with code 1."""
    try:
        yield
    except (TrunklineError, WakeupNotSent, ApiError, TimeoutError, OSError, yaml.YAMLError) as error:
        raise _exit(str(error)) from error
    except (NoRegionError, NoCredentialsError, EndpointConnectionError, httpx.ConnectError) as error:
        hint = "set the region and credentials of AWS; for the local stack of `make run`: trunkline --local"
        raise _exit(f"{type(error).__name__}: {error} ({hint})") from error
    except (BotoCoreError, ClientError, httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        raise _exit(f"{type(error).__name__}: {error}") from error


def _exit(message: str) -> typer.Exit:
    error_console.print(f"[red]✗[/] {escape(message)}")
    return typer.Exit(1)


def connect(stage: str) -> Operator:
    """Open the deployment of a stage with the AWS credentials of the environment."""
    return open_operator(stack_outputs(stage))
