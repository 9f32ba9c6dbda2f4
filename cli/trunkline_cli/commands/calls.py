"""The `trunkline calls` commands, which use the HTTP API with a key of the tenant."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from trunkline.core.errors import InvalidRequest
from trunkline_cli.console import ApiKey, ApiUrl, Stage, report_errors, show
from trunkline_cli.explain import explain
from trunkline_cli.stack_outputs import stack_outputs
from trunkline_cli.watch import ApiClient, expected_shape, waits_for, watch

app = typer.Typer(no_args_is_help=True, help="Place and watch calls, with an API key of the tenant.")


@app.command("place")
def place_call(  # noqa: PLR0913, PLR0917 - one option for each property of a call
    agent_id: Annotated[str, typer.Argument(help="Id of the agent that talks.")],
    phone_number: Annotated[str, typer.Argument(help="Phone number to call (E.164).")],
    key: ApiKey,
    priority: Annotated[int, typer.Option(help="From 0 (dialled first) to 10.")] = 5,
    caller_id: Annotated[
        str | None, typer.Option(help="Caller number (E.164). Default: the agent's first.")
    ] = None,
    metadata: Annotated[str, typer.Option(help="JSON object that is stored with the call.")] = "{}",
    url: ApiUrl = "",
    stage: Stage = "dev",
) -> None:
    """Place an outbound call, and print its id."""
    with report_errors(), expected_shape():
        body = {"agentId": agent_id, "phoneNumber": phone_number, "priority": priority}
        body |= {"metadata": _object(metadata, "--metadata")} | ({"callerId": caller_id} if caller_id else {})
        show(_api_client(url, key, stage).place_call(body)["id"])


@app.command("watch")
def watch_call(
    call_id: Annotated[str, typer.Argument(help="Id of the call.")],
    key: ApiKey,
    url: ApiUrl = "",
    stage: Stage = "dev",
    timeout_s: Annotated[float, typer.Option(help="Stop watching after this many seconds.")] = 3600,
) -> None:
    """Print each change of a call until it ends; exit with 0 only if it was completed."""
    with report_errors(), expected_shape():
        status = ""
        for call in watch(_api_client(url, key, stage), call_id, timeout_s):
            data = call["data"]
            ids = " ".join(str(data[name]) for name in ("roomId", "jobId", "sipParticipantId") if data[name])
            status, reason = data["status"], call["status_reason"] or waits_for(call)
            show(f"{status:<12} {ids} {reason}".rstrip())
    raise typer.Exit(0 if status == "completed" else 1)


@app.command("why")
def explain_number(
    phone_number: Annotated[str, typer.Argument(help="Phone number (E.164).")],
    key: ApiKey,
    url: ApiUrl = "",
    stage: Stage = "dev",
) -> None:
    """Tell why a number was called or not: its calls, refused requests and rows of batches.

    The key needs the scopes calls:read and batches:read. Refused requests are kept for 30 days.
    """
    with report_errors(), expected_shape():
        for sentence in explain(_api_client(url, key, stage), phone_number):
            show(sentence)


def _object(text: str, option: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
        # Python reads NaN and 1e999, which JSON cannot say.
        json.dumps(value, allow_nan=False)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(f"{option} is no JSON: {error}") from error
    if not isinstance(value, dict):
        raise InvalidRequest(f'{option} must be a JSON object, for example {{"order": 5}}')
    return value


def _api_client(url: str, key: str, stage: str) -> ApiClient:
    return ApiClient(url or stack_outputs(stage)["ApiUrl"], key)
