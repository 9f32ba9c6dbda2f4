"""Options, output and error handling that all commands share."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
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

from trunkline.core.errors import InvalidRequest, TrunklineError
from trunkline.dial_queue.messages import WakeupNotSent
from trunkline_cli.api import ApiClient, ApiError
from trunkline_cli.operator import Operator, open_operator
from trunkline_cli.profiles import CHOSEN, find_profile
from trunkline_cli.stack_outputs import stack_outputs

# What tenants wrote is no markup: "[/x]" would be a traceback, and ":x:" a picture.
_console = Console(highlight=False, markup=False, emoji=False)
_error_console = Console(stderr=True, highlight=False, markup=False, emoji=False)
_STOPPED = 130
"""Exit status of a program that Ctrl-C ended, as shells have it: 128 and the number of SIGINT."""
_WIDTH_OF_FILE = 10_000
"""In a file or pipe a table is as wide as its content, so that no id is cut."""


def _names_one_api(context: typer.Context, stage: str) -> str:
    """Refuse a stage beside a profile: they name two APIs."""
    source = context.get_parameter_source("stage")
    if source and source.name == "COMMANDLINE" and CHOSEN in os.environ:
        raise typer.BadParameter("it names another API than the profile: leave one out")
    return stage


Stage = Annotated[str, typer.Option(envvar="TRUNKLINE_STAGE", help="Stage of the deployment to work on.")]
StageOfApi = Annotated[
    str,
    typer.Option(
        "--stage",
        envvar="TRUNKLINE_STAGE",
        callback=_names_one_api,
        help="Stage whose API is used with --key, where no --url is given. Default: dev.",
    ),
]
Tenant = Annotated[str, typer.Option(help="Name or id of the tenant.")]
ApiKey = Annotated[
    str,
    typer.Option("--key", envvar="TRUNKLINE_API_KEY", help="API key of the tenant. Default: the profile's."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
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
    except KeyboardInterrupt as stopped:
        show_error("stopped: what was printed is done")
        raise typer.Exit(_STOPPED) from stopped
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


def show_rows(rows: Sequence[Mapping[str, object]], *, as_json: bool) -> None:
    """Print rows as a table with a column for each field, or as one JSON array."""
    if as_json:
        show(json.dumps(list(rows), ensure_ascii=False))
    elif rows:
        cells = ([str("" if value is None else value) for value in row.values()] for row in rows)
        show_table(list(rows[0]), cells)
    else:
        show("none")


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


def open_api(url: str, key: str, stage: str) -> ApiClient:
    """Open an API with a key: those that were named, or else those of a profile.

    Raises:
        InvalidRequest: there is no key, or a profile was named beside a key or URL.
    """
    profile = find_profile(os.environ, is_named_otherwise=bool(url or key))
    if profile and not (stage and CHOSEN not in os.environ):
        return ApiClient(profile.url, profile.key)
    if not key:
        raise InvalidRequest("there is no API key: set TRUNKLINE_API_KEY, or keep one with `trunkline login`")
    return ApiClient(url or stack_outputs(stage or "dev")["ApiUrl"], key)
