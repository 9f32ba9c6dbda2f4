"""Options, output and error handling that all commands share."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Iterator, Sequence
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
from botocore.parsers import ResponseParserError
from rich.console import Console
from rich.table import Table

from trunkline.core.errors import TrunklineError
from trunkline.dial_queue.messages import WakeupNotSent
from trunkline_cli.operator import Operator, open_operator
from trunkline_cli.stack_outputs import stack_outputs
from trunkline_cli.watch import ApiError

# What tenants wrote is no markup: "[/x]" would be a traceback, and ":x:" a picture.
_console = Console(highlight=False, markup=False, emoji=False)
_error_console = Console(stderr=True, highlight=False, markup=False, emoji=False)
_WIDTH_OF_FILE = 10_000
"""In a file or pipe a table is as wide as its content, so that no id is cut."""


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
    use_any_encoding()
    try:
        yield
    except (TrunklineError, WakeupNotSent, ApiError, TimeoutError, OSError, yaml.YAMLError) as error:
        raise _exit(str(error)) from error
    except (NoRegionError, NoCredentialsError, EndpointConnectionError, httpx.ConnectError) as error:
        hint = "set the region and credentials of AWS; for the local stack of `make run`: trunkline --local"
        raise _exit(f"{type(error).__name__}: {error} ({hint})") from error
    except ResponseParserError as error:
        raise _exit(f"the address of AWS does not answer as AWS does: {error}") from error
    except (BotoCoreError, ClientError, httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        raise _exit(f"{type(error).__name__}: {error}") from error


def use_any_encoding() -> None:
    """Write what a terminal's encoding lacks as `\\u2717`, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def show(line: str) -> None:
    """Print a line as it is, in one line."""
    _console.print(_printable(line), soft_wrap=True)


def show_table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table."""
    table = Table(*headers)
    for row in rows:
        table.add_row(*map(_printable, row))
    if not _console.is_terminal:
        _console.width = _WIDTH_OF_FILE
    _console.print(table)


def show_error(line: str) -> None:
    """Print a line about an error on stderr."""
    _error_console.print("✗ ", style="red", end="")
    _error_console.print(_printable(line), soft_wrap=True)


def _printable(text: str) -> str:
    """Replace control characters, with which foreign text could move the cursor or hide itself."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def _exit(message: str) -> typer.Exit:
    show_error(" ".join(message.split()))
    return typer.Exit(1)


def connect(stage: str) -> Operator:
    """Open the deployment of a stage with the AWS credentials of the environment."""
    return open_operator(stack_outputs(stage))
