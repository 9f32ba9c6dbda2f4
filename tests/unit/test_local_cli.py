"""The command line on the local stack, and bad input: one line, and no traceback."""

from __future__ import annotations

import json
import os
from pathlib import Path

import httpx
import pytest
from trunkline_cli.local_stack import use_local_stack
from trunkline_cli.main import app
from trunkline_cli.watch import ApiClient, ApiError
from typer.testing import CliRunner

from trunkline.core.errors import NotFound

STACK = {"aws_endpoint_url": "http://127.0.0.1:1", "api_url": "http://127.0.0.1:2", "live_key": "as_live_x"}


@pytest.fixture
def stack_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local" / "stack.json").write_text(json.dumps(STACK))
    below = tmp_path / "docs"
    below.mkdir()
    monkeypatch.chdir(below)
    # What the option sets is taken back with the test.
    monkeypatch.setattr(os, "environ", os.environ.copy())
    return below


def test_the_environment_leads_to_the_stack_that_runs(stack_folder: Path) -> None:
    environ = {"AWS_PROFILE": "work", "AWS_SESSION_TOKEN": "x"}
    use_local_stack(environ, stack_folder)
    assert environ["AWS_ENDPOINT_URL"] == STACK["aws_endpoint_url"]
    assert (environ["TRUNKLINE_STAGE"], environ["TRUNKLINE_API_KEY"]) == ("local", "as_live_x")
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN"} & set(environ)
    mine = {"TRUNKLINE_API_KEY": "as_test_y"}
    use_local_stack(mine, stack_folder)
    assert mine["TRUNKLINE_API_KEY"] == "as_test_y"


def test_without_a_stack_the_command_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="make run"):
        use_local_stack({}, tmp_path)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["calls", "place", "x", "+15550100001", "--metadata", "x"], "--metadata is no JSON"),
        (["calls", "place", "x", "+15550100001", "--metadata", "[1]"], "must be a JSON object"),
        (["calls", "place", "x", "+15550100001", "--metadata", '{"a": NaN}'], "--metadata is no JSON"),
        (["calls", "place", "x", "+15550100001", "--metadata", '{"a": 1e999}'], "--metadata is no JSON"),
        (["calls", "place", "x", "+15550100001", "--metadata", "[" * 100_000], "--metadata is no JSON"),
        (["calls", "place", "x", "+15550100001"], "ConnectError"),
        (["calls", "place", "x", "+15550100001", "--key", "é"], "UnicodeEncodeError"),
        (["calls", "place", "x", "y", "--url", "http://a:b"], "InvalidURL"),
        (["calls", "why", "+15550100001"], "ConnectError"),
        (["tenants", "list"], "EndpointConnectionError"),
        (["apply", "."], "Is a directory"),
    ],
)
def test_a_failed_command_is_one_line(
    stack_folder: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], complaint: str
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    result = CliRunner().invoke(app, ["--local", *words])
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == 1
    assert complaint in " ".join(result.stderr.split())


@pytest.mark.parametrize("text", ["[" * 5000, "cps: " + "9" * 5000, "day: 2026-13-01"])
def test_a_file_beyond_the_limits_of_python_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    file = tmp_path / "acme.yaml"
    file.write_text(text)
    result = CliRunner().invoke(app, ["apply", str(file)])
    assert isinstance(result.exception, SystemExit), result.exception
    assert "is no valid YAML" in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    "words",
    [
        ["trunks", "grant", "x", "--tenant", "acme", "--max-concurrent-calls", "0"],
        ["trunks", "grant", "x", "--tenant", "acme", "--max-concurrent-calls", "100001"],
        ["tenants", "set", "acme", "--max-calls-waiting", "9" * 40],
        ["tenants", "set", "acme", "--max-calls-in-progress", "9" * 40],
        ["tenants", "set", "acme", "--max-calls-a-day", "9" * 40],
    ],
)
def test_a_limit_that_cannot_be_stored_is_a_wrong_option(words: list[str]) -> None:
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 2
    assert "Invalid value for '--max-" in " ".join(result.stderr.replace("│", " ").split())


def _api(status: int, text: str, seen: list[bytes] | None = None) -> ApiClient:
    def answer(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request.url.raw_path)
        return httpx.Response(status, text=text)

    api = ApiClient("http://api.test", "key")
    api._client = httpx.Client(base_url="http://api.test", transport=httpx.MockTransport(answer))
    return api


@pytest.mark.parametrize("body", ["[{}]", "{}", '{"data": []}', "5", "<html>"])
def test_an_answer_that_is_no_call_is_no_traceback(body: str) -> None:
    with pytest.raises(ApiError, match="is not an API of Trunkline"):
        _api(200, body).get_call("x")


def test_a_call_id_stays_one_segment_of_the_path() -> None:
    seen: list[bytes] = []
    _api(200, '{"data": {}}', seen).get_call("../calls?limit=1")
    assert seen == [b"/api/v1/calls/..%2Fcalls%3Flimit%3D1"]


@pytest.mark.parametrize("body", ["<html>", "[]", '{"error": "x"}', "5"])
def test_a_server_that_is_not_trunkline_is_named(body: str) -> None:
    with pytest.raises(ApiError, match=r"404: http://api.test.* is not an API of Trunkline"):
        _api(404, body).get_call("x")
