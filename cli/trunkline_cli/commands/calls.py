"""The `trunkline calls` commands, which use the HTTP API with a key of the tenant."""

from __future__ import annotations

import json
from itertools import islice
from typing import Annotated, Any

import typer

from trunkline.core.errors import InvalidRequest
from trunkline_cli.api import expected_shape
from trunkline_cli.console import ApiKey, ApiUrl, AsJson, StageOfApi, open_api, report_errors, show, show_rows
from trunkline_cli.explain import explain
from trunkline_cli.watch import waits_for, watch

_LARGEST_PAGE = 100
_GONE = {"cancelled", "requested", "ended"}
app = typer.Typer(
    no_args_is_help=True, help="Place, list, watch and end calls, with an API key of the tenant."
)


@app.command("place")
def place_call(  # noqa: PLR0913, PLR0917 - one option for each property of a call
    agent_id: Annotated[str, typer.Argument(help="Id of the agent that talks.")],
    phone_number: Annotated[str, typer.Argument(help="Phone number to call (E.164).")],
    key: ApiKey = "",
    priority: Annotated[int, typer.Option(help="From 0 (dialled first) to 10.")] = 5,
    caller_id: Annotated[
        str | None, typer.Option(help="Caller number (E.164). Default: the agent's first.")
    ] = None,
    metadata: Annotated[str, typer.Option(help="JSON object that is stored with the call.")] = "{}",
    url: ApiUrl = "",
    stage: StageOfApi = "",
) -> None:
    """Place an outbound call, and print its id."""
    with report_errors(), expected_shape():
        body = {"agentId": agent_id, "phoneNumber": phone_number, "priority": priority}
        body |= {"metadata": _object(metadata, "--metadata")} | ({"callerId": caller_id} if caller_id else {})
        show(open_api(url, key, stage).place_call(body)["id"])


@app.command("watch")
def watch_call(
    call_id: Annotated[str, typer.Argument(help="Id of the call.")],
    key: ApiKey = "",
    url: ApiUrl = "",
    stage: StageOfApi = "",
    timeout_s: Annotated[float, typer.Option(help="Stop watching after this many seconds.")] = 3600,
) -> None:
    """Print each change of a call until it ends; exit with 0 only if it was completed."""
    with report_errors(), expected_shape():
        status = ""
        for call in watch(open_api(url, key, stage), call_id, timeout_s):
            data = call["data"]
            ids = " ".join(str(data[name]) for name in ("roomId", "jobId", "sipParticipantId") if data[name])
            status, reason = data["status"], call["status_reason"] or waits_for(call)
            show(f"{status:<12} {ids} {reason}".rstrip())
    raise typer.Exit(0 if status == "completed" else 1)


@app.command("why")
def explain_number(
    phone_number: Annotated[str, typer.Argument(help="Phone number (E.164).")],
    key: ApiKey = "",
    url: ApiUrl = "",
    stage: StageOfApi = "",
) -> None:
    """Tell why a number was called or not: its calls, refused requests and rows of batches.

    The key needs the scopes calls:read and batches:read. Refused requests are kept for 30 days.
    """
    with report_errors(), expected_shape():
        for sentence in explain(open_api(url, key, stage), phone_number):
            show(sentence)


@app.command("list")
def list_calls(  # noqa: PLR0913, PLR0917 - one option for each filter
    key: ApiKey = "",
    status: Annotated[
        str | None, typer.Option(help="Calls of this status, for example queued or failed.")
    ] = None,
    phone_number: Annotated[str | None, typer.Option(help="Calls to this number (E.164).")] = None,
    failure_reason: Annotated[str | None, typer.Option(help="Calls that failed for this reason.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many calls, newest first.")] = 20,
    as_json: AsJson = False,
    url: ApiUrl = "",
    stage: StageOfApi = "",
) -> None:
    """List calls, newest first: what became of each, or what it waits for."""
    filters = {"status": status, "phone_number": phone_number, "failure_reason": failure_reason}
    query = {name: value for name, value in filters.items() if value is not None}
    query["limit"] = str(min(limit, _LARGEST_PAGE))
    with report_errors(), expected_shape():
        calls = list(islice(open_api(url, key, stage).pages("calls", **query), limit))
        show_rows(calls if as_json else [_row(call) for call in calls], as_json=as_json)


@app.command("cancel")
def cancel_calls(
    call_ids: Annotated[list[str], typer.Argument(help="Ids of calls.")],
    key: ApiKey = "",
    as_json: AsJson = False,
    url: ApiUrl = "",
    stage: StageOfApi = "",
) -> None:
    """Cancel calls that wait, and hang up those that ring or talk; exit with 0 only if none is left."""
    with report_errors(), expected_shape():
        results = open_api(url, key, stage).cancel_calls(call_ids)
        show_rows(results, as_json=as_json)
        is_done = all(result["result"] in _GONE for result in results)
    raise typer.Exit(0 if is_done else 1)


@app.command("redial")
def redial_call(
    call_id: Annotated[str, typer.Argument(help="Id of the call to place again.")],
    key: ApiKey = "",
    url: ApiUrl = "",
    stage: StageOfApi = "",
) -> None:
    """Place a call like an earlier one, and print the new call's id.

    Agent, numbers, priority and metadata are the earlier call's. What only its agent was told (`userContext`)
    cannot be read back, and is not sent.
    """
    with report_errors(), expected_shape():
        api = open_api(url, key, stage)
        show(api.place_call(_like(api.get_call(call_id)))["id"])


def _like(call: dict[str, Any]) -> dict[str, Any]:
    if call["channel"] != "phone":
        raise InvalidRequest("only phone calls can be placed again: a web call is joined, not dialled")
    texts = {
        "agentId": call["agent_id"],
        "phoneNumber": call["phone_number"],
        "callerId": call["caller_id"],
    }
    given = {name: text for name, text in texts.items() if text is not None}
    return given | {"priority": call["priority"], "metadata": call["metadata"]}


def _row(call: dict[str, Any]) -> dict[str, str | None]:
    return {
        "call": call["call_id"],
        "to": call["phone_number"],
        "status": call["status"],
        "reason": call["status_reason"],
        "created": call["created_at"],
        "ended": call["ended_at"],
    }


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
