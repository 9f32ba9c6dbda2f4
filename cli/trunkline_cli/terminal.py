"""What every command shares: its options, its consoles, and how it complains."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import httpx
import typer
import yaml
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from trunkline.core.errors import TrunklineError
from trunkline.dial_queue.messages import WakeupNotSent
from trunkline_cli.operator import Operator, open_operator, stack_outputs
from trunkline_cli.watch import ApiFault

console, complaints = Console(highlight=False), Console(stderr=True, highlight=False)

Stage = Annotated[str, typer.Option(envvar="TRUNKLINE_STAGE", help="The deployed stage.")]
Tenant = Annotated[str, typer.Option(help="The tenant's name or id.")]
Key = Annotated[str, typer.Option(envvar="TRUNKLINE_API_KEY", help="An API key of the tenant.")]
Url = Annotated[str, typer.Option(envvar="TRUNKLINE_API_URL", help="Default: the stage's own URL.")]


@contextmanager
def complaining() -> Iterator[None]:
    """Say what went wrong in one line, and end with 1."""
    try:
        yield
    except (TrunklineError, WakeupNotSent, ApiFault, TimeoutError, OSError, yaml.YAMLError) as error:
        complaints.print(f"[red]✗[/] {error}", markup=True)
        raise typer.Exit(1) from error
    except (BotoCoreError, ClientError, httpx.HTTPError) as error:
        complaints.print(f"[red]✗[/] {type(error).__name__}: {error}")
        raise typer.Exit(1) from error


def operator_of(stage: str) -> Operator:
    return open_operator(stack_outputs(stage))
