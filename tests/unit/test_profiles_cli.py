"""Profiles of the command line: where a key is kept, who can read it, and to whom it is sent."""

from __future__ import annotations

import json
import os
from pathlib import Path

import httpx
import pytest
from trunkline_cli.api import ApiClient
from trunkline_cli.main import app
from trunkline_cli.profiles import Profile, profile_file
from typer.testing import CliRunner, Result

KEY = "as_live_0123456789abcdef"
URL = "https://calls.example.com"
CALL = {
    "call_id": "c-1",
    "channel": "phone",
    "agent_id": "a-1",
    "phone_number": "+15550100001",
    "caller_id": None,
    "priority": 3,
    "metadata": {"order": 5},
    "status": "failed",
    "status_reason": "dial_busy",
    "created_at": "2026-01-01T00:00:00.000Z",
    "ended_at": "2026-01-01T00:00:09.000Z",
    "data": {},
}
BROKEN_FILES = [
    *("", "[]", "1", '{"default": 1}', '{"default": {"url": "x"}}', "[" * 9999),
    '{"default": {"url": 1, "key": 2}}',
]
SESSION = {"tenant_id": "t-1", "livemode": True, "modes": ["live"], "scopes": ["admin"], "name": "laptop"}


class Api:
    """Answers in place of the API, and records which key came to which address."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, str]] = []
        self.answers: dict[str, object] = {"GET /api/v1/session": SESSION}
        self.status = 200

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen.append((request.method, str(request.url), request.headers["x-api-key"]))
        answer = self.answers[f"{request.method} {request.url.path}"]
        return httpx.Response(self.status, json=answer)


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    api = Api()

    def begin(self: ApiClient, url: str, key: str) -> None:
        self._client = httpx.Client(
            base_url=url, headers={"x-api-key": key}, transport=httpx.MockTransport(api)
        )

    monkeypatch.setattr(ApiClient, "__init__", begin)
    return api


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TRUNKLINE_")}
    monkeypatch.setattr(os, "environ", environment | {"XDG_CONFIG_HOME": str(tmp_path)})
    return tmp_path


def run(*words: str, stdin: str = "", status: int = 0) -> Result:
    result = CliRunner().invoke(app, list(words), input=stdin)
    assert result.exit_code == status, result.output
    return result


def test_a_key_is_kept_once_the_api_has_accepted_it_and_used_from_then_on(home: Path, api: Api) -> None:
    said = run("login", "--url", URL, stdin=f"{KEY}\n").stdout
    assert said == f"default: live key laptop of tenant t-1 at {URL}\n"
    assert profile_file(os.environ).path.stat().st_mode & 0o077 == 0, "only its owner reads it"
    api.answers["GET /api/v1/calls"] = {"data": [], "next_cursor": None}
    assert run("calls", "list").stdout == "none\n"
    assert api.seen[-1] == ("GET", f"{URL}/api/v1/calls?limit=20", KEY)
    listed = run("profiles").stdout
    assert URL in listed
    assert KEY not in listed
    assert run("logout").stdout == "default: forgotten\n"
    assert profile_file(os.environ).read() == {}


def test_a_key_that_the_api_refuses_is_not_kept(home: Path, api: Api) -> None:
    api.status, api.answers["GET /api/v1/session"] = 401, {"error": {"message": "Invalid API key"}}
    assert "401: Invalid API key" in run("login", "--url", URL, stdin=f"{KEY}\n", status=1).stderr
    assert "must begin with https" in run("login", "--url", "http://x.example", status=1).stderr
    api.status, api.answers["GET /api/v1/session"] = 200, {"ok": True}
    assert "another form" in run("login", "--url", URL, stdin=f"{KEY}\n", status=1).stderr
    assert "no key was given" in run("login", "--url", URL, stdin="\n", status=1).stderr
    assert not profile_file(os.environ).path.exists()


def test_a_profile_is_chosen_by_name_and_an_unknown_one_says_which_there_are(home: Path, api: Api) -> None:
    run("--profile", "staging", "login", "--url", "https://staging.example.com", stdin="as_test_1\n")
    profile_file(os.environ).save("default", Profile(URL, KEY))
    api.answers["GET /api/v1/calls"] = {"data": [], "next_cursor": None}
    run("--profile", "staging", "calls", "list")
    assert api.seen[-1] == ("GET", "https://staging.example.com/api/v1/calls?limit=20", "as_test_1")
    os.environ.pop("TRUNKLINE_PROFILE")
    run("calls", "list")
    assert api.seen[-1][2] == KEY
    complaint = " ".join(run("--profile", "production", "calls", "list", status=1).stderr.split())
    assert "known: default, staging" in complaint


@pytest.mark.parametrize(
    ("words", "environment", "status", "said"),
    [
        (["--url", "https://other.example.com"], {}, 1, "there is no API key"),
        ([], {"TRUNKLINE_API_URL": "https://other.example.com"}, 1, "there is no API key"),
        (["--stage", "prod"], {}, 1, "there is no API key"),
        ([], {"TRUNKLINE_STAGE": "prod"}, 1, "there is no API key"),
        (["--key", "k"], {"TRUNKLINE_PROFILE": "default"}, 1, "has a URL and a key"),
        (["--url", "https://x"], {"TRUNKLINE_PROFILE": "default"}, 1, "has a URL and a key"),
        (["--stage", "prod"], {"TRUNKLINE_PROFILE": "default"}, 2, "leave one out"),
    ],
)
def test_a_key_is_never_sent_to_the_api_of_another_profile(
    home: Path, api: Api, words: list[str], environment: dict[str, str], status: int, said: str
) -> None:
    profile_file(os.environ).save("default", Profile(URL, KEY))
    os.environ.update(environment)
    assert said in " ".join(run("calls", "list", *words, status=status).stderr.split())
    assert api.seen == []


def test_a_key_and_url_of_ones_own_are_used_without_the_profile(home: Path, api: Api) -> None:
    profile_file(os.environ).save("default", Profile(URL, KEY))
    api.answers["GET /api/v1/calls"] = {"data": [], "next_cursor": None}
    run("calls", "list", "--key", "mine", "--url", "https://mine.example.com")
    assert api.seen == [("GET", "https://mine.example.com/api/v1/calls?limit=20", "mine")]


def test_commands_of_the_operator_know_nothing_of_profiles(home: Path, api: Api) -> None:
    profile_file(os.environ).save("default", Profile(URL, KEY))
    run("calls", "list", "--stage", "prod", status=1)
    assert "TRUNKLINE_API_URL" not in os.environ, "the doctor would look at another deployment"


@pytest.mark.parametrize("content", BROKEN_FILES)
def test_a_broken_file_is_one_line_that_says_what_to_do(home: Path, content: str) -> None:
    file = profile_file(os.environ).path
    file.parent.mkdir()
    file.write_text(content)
    for words in (("calls", "list"), ("profiles",), ("logout",)):
        result = run(*words, status=1)
        assert "is no file of profiles: repair it" in " ".join(result.stderr.split())


@pytest.mark.parametrize("name", ["", "a b", "../x", "x" * 65])
def test_a_name_that_is_none_is_refused(home: Path, api: Api, name: str) -> None:
    complaint = run("login", "--url", URL, "--profile", name, stdin=f"{KEY}\n", status=1).stderr
    assert "1 to 64 letters" in complaint


def test_calls_are_listed_ended_and_placed_again(home: Path, api: Api) -> None:
    profile_file(os.environ).save("default", Profile(URL, KEY))
    api.answers["GET /api/v1/calls"] = {"data": [CALL] * 3, "next_cursor": None}
    assert "dial_busy" in run("calls", "list", "--status", "failed").stdout
    assert json.loads(run("calls", "list", "--limit", "2", "--json").stdout) == [CALL, CALL]
    results = [{"call_id": "c-1", "result": "cancelled", "status": "cancelled"}]
    api.answers["POST /api/v1/calls/cancel"] = {"data": results}
    assert json.loads(run("calls", "cancel", "c-1", "--json").stdout) == results
    api.answers["POST /api/v1/calls/cancel"] = {"data": [{**results[0], "result": "not_found"}]}
    assert "not_found" in run("calls", "cancel", "c-1", status=1).stdout
    api.answers["GET /api/v1/calls/c-1"] = CALL
    api.answers["POST /api/v1/calls/outbound"] = {"data": {"id": "c-2"}}
    assert run("calls", "redial", "c-1").stdout == "c-2\n"
    api.answers["GET /api/v1/calls/c-1"] = CALL | {"channel": "web"}
    assert "only phone calls" in run("calls", "redial", "c-1", status=1).stderr


def test_an_interrupted_command_says_so_and_ends_as_shells_expect(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ApiClient, "__init__", interrupt)
    result = run("calls", "list", "--key", KEY, "--url", URL, status=130)
    assert "stopped" in result.stderr
