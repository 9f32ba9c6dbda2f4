"""The `trunkline batches` commands, which use the HTTP API with a key of the tenant."""

from __future__ import annotations

import json
import sys
from itertools import islice
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from trunkline.core.errors import InvalidRequest
from trunkline_cli.api import expected_shape
from trunkline_cli.batch_run import BatchRun, forecast_lines, progress_line
from trunkline_cli.console import (
    ApiKey,
    ApiUrl,
    AsJson,
    StageOfApi,
    open_api,
    report_errors,
    show,
    show_rows,
)

app = typer.Typer(no_args_is_help=True, help="Call the rows of a list, with an API key of the tenant.")
_LARGEST_PAGE = 100


@app.command("run")
def run_batch(  # noqa: PLR0913, PLR0917 - one option for each property of a batch
    file: Annotated[
        Path, typer.Argument(help="CSV or NDJSON file of up to 100 MB, or JSON file of up to 32 MB.")
    ],
    key: ApiKey = "",
    agent: Annotated[str, typer.Option(help="Id of the agent that talks.")] = "",
    number_column: Annotated[str, typer.Option(help="Column that has the phone numbers.")] = "phone",
    template: Annotated[
        Path | None,
        typer.Option(help="JSON file with the body of each call, instead of --agent and --number-column."),
    ] = None,
    name: Annotated[str, typer.Option(help="Name of the batch. Default: the file's.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Call without asking, after the check.")] = False,
    url: ApiUrl = "",
    stage: StageOfApi = "",
) -> None:
    """Check a list's rows, say what would happen, and call them once you have said yes.

    Ctrl-C ends the command alone: a batch that was started goes on.
    """
    with report_errors(), expected_shape():
        batches = BatchRun(open_api(url, key, stage))
        batch = batches.check(file, name or file.name, _body(agent, number_column, template))
        for line in forecast_lines(batch):
            show(line)
        show(f"batch {batch['id']}: nobody was called")
        if not (yes or _agrees(batch)):
            return
        batches.start(batch["id"])
        show(f"batch {batch['id']}: started; to end it, `trunkline batches cancel {batch['id']}`")
        for seen in batches.follow(batch["id"]):
            show(progress_line(seen))


@app.command("list")
def list_batches(
    key: ApiKey = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many, newest first.")] = 20,
    as_json: AsJson = False,
    url: ApiUrl = "",
    stage: StageOfApi = "",
) -> None:
    """List batches, newest first."""
    with report_errors(), expected_shape():
        pages = open_api(url, key, stage).pages("batches", limit=str(min(limit, _LARGEST_PAGE)))
        batches = list(islice(pages, limit))
        names = ("id", "name", "status", "rows", "created_at")
        rows = [{name: batch[name] for name in names} for batch in batches]
        show_rows(batches if as_json else rows, as_json=as_json)


@app.command("cancel")
def cancel_batch(
    batch_id: Annotated[str, typer.Argument(help="Id of the batch.")],
    key: ApiKey = "",
    url: ApiUrl = "",
    stage: StageOfApi = "",
) -> None:
    """Cancel the calls of a batch that wait; those that ring or talk go on."""
    with report_errors(), expected_shape():
        show(progress_line(open_api(url, key, stage).post(f"batches/{quote(batch_id, safe='')}/cancel")))


def _body(agent: str, number_column: str, template: Path | None) -> dict[str, Any]:
    if template is None:
        if not agent:
            raise InvalidRequest("name the agent with --agent, or the body of each call with --template")
        return {"agentId": agent, "phoneNumber": f'{{{{row["{number_column}"]}}}}'}
    try:
        body = json.loads(template.read_text())
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(f"{template} is no JSON: {error}") from error
    if not isinstance(body, dict):
        raise InvalidRequest(f"{template} must have a JSON object, the body of a call")
    return body


def _agrees(batch: dict[str, Any]) -> bool:
    if not batch["progress"]["accepted"]:
        return False
    if not sys.stdin.isatty():
        show("to call them without a question, add --yes")
        return False
    return typer.confirm(f"Call {batch['progress']['accepted']} numbers?")
