"""The `trunkline events` and `trunkline listen` commands, which use the HTTP API with a key of the tenant."""

from __future__ import annotations

import base64
import json
import secrets as random
from datetime import UTC, datetime
from typing import Annotated, Any

import httpx
import typer

from trunkline.core.errors import InvalidRequest
from trunkline.core.timestamps import iso_from_ms
from trunkline.webhooks.signing import PREFIX, generate_secret
from trunkline_cli.api import ApiClient, expected_shape
from trunkline_cli.console import (
    ApiKey,
    ApiUrl,
    AsJson,
    StageOfApi,
    open_api,
    report_errors,
    show,
    show_error,
    show_table,
)
from trunkline_cli.listener import Forwarded, Forwarder, follow

app = typer.Typer(
    no_args_is_help=True, help="Read the events of the last 30 days, with an API key of the tenant."
)
_SECRET_BYTES = 24
_ANSWER_TIMEOUT_S = 15
"""As long as a webhook waits for a response."""

Types = Annotated[str, typer.Option("--type", help="Event types or groups, separated by commas: call.*")]


@app.command("list")
def list_events(  # noqa: PLR0913, PLR0917 - one option for each property
    key: ApiKey = "",
    types: Types = "",
    call_id: Annotated[str, typer.Option("--call", help="Events of this call alone.")] = "",
    limit: Annotated[int, typer.Option(help="Print at most so many.", min=1, max=100)] = 20,
    as_json: AsJson = False,
    url: ApiUrl = "",
    stage: StageOfApi = "",
) -> None:
    """Print the latest events, newest first."""
    with report_errors(), expected_shape():
        query = {"order": "newest_first", "limit": str(limit)} | _filters(types, call_id)
        events = open_api(url, key, stage).page("events", **query)["data"]
        if as_json:
            for event in events:
                show(json.dumps(event))
            return
        show_table(["Time", "Type", "Event", "About"], [_row(event) for event in events])


def listen(  # noqa: PLR0913, PLR0917 - one option for each property
    key: ApiKey = "",
    forward_to: Annotated[
        str, typer.Option(help="URL to post each event to, for example http://localhost:3000/hooks.")
    ] = "",
    types: Types = "",
    secret: Annotated[
        str,
        typer.Option(
            envvar="TRUNKLINE_WEBHOOK_SECRET",
            help="Secret that signs the requests (whsec_…). Default: a new one, which is printed.",
        ),
    ] = "",
    as_json: AsJson = False,
    url: ApiUrl = "",
    stage: StageOfApi = "",
) -> None:
    """Print events as they happen, and post each to a URL, signed as a webhook is. Ctrl-C ends it.

    Nothing has to be reachable from outside: the events are read from the API.
    """
    with report_errors(), expected_shape():
        forwarder = _forwarder(forward_to, secret) if forward_to else None
        api = open_api(url, key, stage)
        query = {"since": iso_from_ms(api.server_time_ms())} | _filters(types, "")
        if forwarder and not as_json:
            # A secret that was given is known, and has no place in the logs of a terminal.
            signed_with = "the secret that you gave" if secret else forwarder.secret
            show(f"Events are posted to {forward_to}, signed with {signed_with}")
        _listen(api, query, forwarder, as_json=as_json)


def _listen(api: ApiClient, query: dict[str, str], forwarder: Forwarder | None, *, as_json: bool) -> None:
    """Show each event with its answer until Ctrl-C, then what was done."""
    results: list[bool] = []
    try:
        for event in follow(api, query, show_error):
            result = forwarder.send(event) if forwarder else Forwarded(event)
            results.append(result.is_delivered)
            show(json.dumps(_as_json(result)) if as_json else _line(result, is_sent=forwarder is not None))
    except KeyboardInterrupt:
        if not as_json:
            sent = f", {sum(results)} of them answered with 2xx" if forwarder else ""
            show(f"{len(results)} events{sent}")


def _forwarder(url: str, secret: str) -> Forwarder:
    if not url.startswith(("http://", "https://")):
        raise InvalidRequest("--forward-to must be an http or https URL")
    secret = secret or generate_secret(random.token_bytes(_SECRET_BYTES))
    try:
        base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except ValueError:
        secret = ""
    if not secret.startswith(PREFIX):
        raise InvalidRequest("--secret must be the secret of a webhook: whsec_ and base64")
    # A webhook follows no redirect, and takes no proxy from the environment.
    client = httpx.Client(timeout=_ANSWER_TIMEOUT_S, follow_redirects=False, trust_env=False)
    return Forwarder(client, url, secret)


def _filters(types: str, call_id: str) -> dict[str, str]:
    return {name: value for name, value in {"type": types, "call_id": call_id}.items() if value}


def _line(result: Forwarded, *, is_sent: bool) -> str:
    answer = result.status or f"no response ({result.error})"
    return " ".join([*_row(result.event), *([f"→ {answer} ({result.took_ms} ms)"] if is_sent else [])])


def _as_json(result: Forwarded) -> dict[str, Any]:
    return {
        "event": result.event,
        "status": result.status,
        "error": result.error,
        "took_ms": result.took_ms,
    }


def _row(event: dict[str, Any]) -> list[str]:
    """Return when, what, which, and of what."""
    data = event["data"]
    about = (data.get(name) for name in ("call_id", "trunk_id", "webhook_id"))
    reason = data.get("status_reason") or data.get("reason") or ""
    time = datetime.fromtimestamp(event["created"], UTC).strftime("%Y-%m-%d %H:%M:%S")
    return [time, event["type"], event["id"], f"{next(filter(None, about), '')} {reason}".rstrip()]
