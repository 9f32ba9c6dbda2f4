"""`trunkline listen` and `trunkline events`: events of the feed, posted as webhooks are, with the answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from standardwebhooks.webhooks import Webhook
from trunkline_cli.api import ApiClient, ApiError
from trunkline_cli.commands import events
from trunkline_cli.listener import Forwarder, follow
from trunkline_cli.main import app
from typer.testing import CliRunner

from trunkline.webhooks.signing import generate_secret

SECRET = generate_secret(bytes(range(24)))
KEY = ["--key", "as_test_x", "--url", "http://api.test"]
Answer = Callable[[httpx.Request], httpx.Response]


def event(number: int, kind: str = "call.completed", **data: Any) -> dict[str, Any]:
    found = {"id": f"evt_{number}", "type": kind, "created": 1_700_000_000, "tenant_id": "t"}
    return found | {"livemode": False, "sequence": None, "data": data}


def page(*found: dict[str, Any], position: str = "p", **more: Any) -> httpx.Response:
    return httpx.Response(200, json={"data": found, "next_cursor": None, "position": position} | more)


class Api:
    """Answers requests of the feed in turn; the last answer is Ctrl-C."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[dict[str, str]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path != "/api/v1/events":
            return httpx.Response(200, json={}, headers={"date": "Tue, 14 Nov 2023 22:13:20 GMT"})
        self.asked.append(dict(request.url.params))
        answer = self.answers.pop(0) if self.answers else KeyboardInterrupt()
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def client(self) -> ApiClient:
        made = ApiClient("http://api.test", "k")
        made._client = httpx.Client(base_url="http://api.test", transport=httpx.MockTransport(self))
        return made


def run(
    monkeypatch: pytest.MonkeyPatch, api: Api, *args: str, answer: Answer | None = None
) -> tuple[str, list[httpx.Request]]:
    """Run a command until Ctrl-C; returns what it printed and what it posted."""
    posted: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        posted.append(request)
        return answer(request) if answer else httpx.Response(200)

    client, mine = httpx.Client(transport=httpx.MockTransport(respond)), api.client()
    with monkeypatch.context() as patched:
        patched.setattr(events, "open_api", lambda *_: mine)
        patched.setattr("trunkline_cli.commands.events.httpx.Client", lambda **_: client)
        result = CliRunner().invoke(app, [*args, *KEY])
    assert result.exit_code == 0, result.output
    return result.stdout, posted


def test_each_event_is_posted_as_a_webhook_and_shown_with_its_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    api = Api(page(event(1, call_id="c-1"), position="p1"), page(event(2, "trunk.paused"), position="p2"))
    statuses = iter([200, 500])
    shown, posted = run(
        monkeypatch,
        api,
        *("listen", "--forward-to", "http://localhost:3000/hooks", "--secret", SECRET, "--type", "call.*"),
        answer=lambda _: httpx.Response(next(statuses)),
    )
    assert [str(request.url) for request in posted] == ["http://localhost:3000/hooks"] * 2
    for request, number in zip(posted, (1, 2), strict=True):
        body = Webhook(SECRET).verify(
            request.content,
            dict(request.headers),
        )
        assert body["event"]["id"] == request.headers["webhook-id"] == f"evt_{number}"
        assert request.headers["x-webhook-signature"].startswith("t=")
    lines = shown.splitlines()
    assert (
        lines[0] == "Events are posted to http://localhost:3000/hooks, signed with the secret that you gave"
    )
    assert SECRET not in shown
    assert "call.completed evt_1 c-1 → 200" in lines[1]
    assert "trunk.paused evt_2" in lines[2]
    assert "→ 500" in lines[2]
    assert lines[3] == "2 events, 1 of them answered with 2xx"
    assert api.asked[0] == {"type": "call.*", "since": "2023-11-14T22:13:20.000Z", "wait": "20"}
    assert [asked.get("cursor") for asked in api.asked] == [None, "p1", "p2"]
    assert "since" not in api.asked[1]


def test_a_program_gets_a_document_for_each_event(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("nobody there", request=request)

    api = Api(page(event(1), event(2)))
    shown, _ = run(monkeypatch, api, "listen", "--forward-to", "http://localhost:3", "--json", answer=refuse)
    documents = [json.loads(line) for line in shown.splitlines()]
    assert [document["event"] for document in documents] == [event(1), event(2)]
    assert {(document["status"], document["error"]) for document in documents} == {(None, "ConnectError")}


def test_without_an_address_events_are_shown_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    shown, posted = run(
        monkeypatch, Api(page(event(1, call_id="c-1", status_reason="user_hangup"))), "listen"
    )
    assert posted == []
    assert shown.splitlines() == [
        "2023-11-14 22:13:20 call.completed evt_1 c-1 user_hangup",
        "1 events",
    ]


def test_what_passes_interrupts_and_loses_nothing() -> None:
    down = httpx.ConnectError("refused")
    error = {"error": {"message": "Rate limited", "code": 429, "type": "rate_limited"}}
    api = Api(page(event(1), position="p1"), down, httpx.Response(429, json=error), page(event(2)))
    told: list[str] = []
    waited: list[float] = []
    found = follow(api.client(), {"since": "T"}, told.append, waited.append)
    assert [next(found)["id"] for _ in range(2)] == ["evt_1", "evt_2"]
    assert [asked.get("cursor") for asked in api.asked] == [None, "p1", "p1", "p1"]
    assert told == ["refused", "429: Rate limited"]
    assert len(waited) == 2


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(429, json={"message": "Too Many Requests"}),
        httpx.Response(503, json={"message": "Service Unavailable"}),
        httpx.Response(504, json={"message": "Endpoint request timed out"}),
        httpx.Response(502, html="<html><h1>Bad Gateway</h1></html>"),
    ],
    ids=lambda answer: str(answer.status_code),
)
def test_an_error_of_api_gateway_itself_interrupts_too(answer: httpx.Response) -> None:
    told: list[str] = []
    found = follow(Api(answer, page(event(1))).client(), {}, told.append, lambda _: None)
    assert next(found)["id"] == "evt_1"
    assert [line[:4] for line in told] == [f"{answer.status_code}:"]


@pytest.mark.parametrize("status", [200, 403, 404])
def test_what_is_not_the_api_ends_it(status: int) -> None:
    with pytest.raises(ApiError, match=f"^{status}: .* is not an API of Trunkline"):
        next(follow(Api(httpx.Response(status, json={"message": "Forbidden"})).client(), {}, print, print))


def test_a_wait_that_was_cut_short_is_waited_for() -> None:
    waited: list[float] = []
    found = follow(Api(page(poll_after_s=4), page(event(1))).client(), {}, print, waited.append)
    assert next(found)["id"] == "evt_1"
    assert waited == [4]


def test_a_refusal_ends_it() -> None:
    error = {"error": {"message": "Missing scope: calls:read", "code": 403, "type": "missing_scope"}}
    with pytest.raises(ApiError, match="403"):
        next(follow(Api(httpx.Response(403, json=error)).client(), {}, print, print))


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--forward-to", "localhost:3000"], "must be an http or https URL"),
        (["--forward-to", "http://localhost", "--secret", "hunter2"], "must be the secret of a webhook"),
        (["--forward-to", "http://localhost", "--secret", "whsec_?"], "must be the secret of a webhook"),
    ],
)
def test_an_option_that_is_none_is_refused(args: list[str], message: str) -> None:
    result = CliRunner().invoke(app, ["listen", *args, *KEY])
    assert (result.exit_code, message in result.stderr) == (1, True)


def test_a_new_secret_is_made_for_each_run() -> None:
    made = {events._forwarder("http://localhost", "").secret for _ in range(2)}
    assert len(made) == 2
    assert all(Webhook(secret) for secret in made)


def test_a_secret_that_was_made_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    shown, posted = run(monkeypatch, Api(page(event(1))), "listen", "--forward-to", "http://localhost:3")
    secret = shown.splitlines()[0].rpartition(" ")[2]
    assert Webhook(secret).verify(posted[0].content, dict(posted[0].headers))["event"]["id"] == "evt_1"


def test_a_secret_of_the_environment_is_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUNKLINE_WEBHOOK_SECRET", SECRET)
    shown, posted = run(monkeypatch, Api(page(event(1))), "listen", "--forward-to", "http://localhost:3")
    assert Webhook(SECRET).verify(posted[0].content, dict(posted[0].headers))
    assert SECRET not in shown


def test_the_latest_events_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    api = Api(page(event(2, call_id="c-1"), event(1, "trunk.paused", trunk_id="t-1", reason="by request")))
    args = ("events", "list", "--type", "*", "--call", "c-1", "--limit", "2")
    shown, _ = run(monkeypatch, api, *args)
    assert api.asked == [{"order": "newest_first", "limit": "2", "type": "*", "call_id": "c-1"}]
    assert "t-1 by request" in shown
    shown, _ = run(monkeypatch, Api(page(event(1))), "events", "list", "--json")
    assert json.loads(shown) == event(1)


def test_a_payload_is_utf_8_whatever_the_event_has() -> None:
    seen: list[bytes] = []

    def take(request: httpx.Request) -> httpx.Response:
        seen.append(request.content)
        return httpx.Response(204)

    client = httpx.Client(transport=httpx.MockTransport(take))
    result = Forwarder(client, "http://localhost", SECRET).send(event(1, summary="Žofie \ud800"))
    assert result.is_delivered
    assert json.loads(seen[0])["event"]["data"]["summary"] == "Žofie ?"
