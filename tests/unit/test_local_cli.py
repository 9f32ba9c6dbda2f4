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


@pytest.mark.parametrize("body", ["<html>", "[]", '{"error": "x"}', "5"])
def test_a_server_that_is_not_trunkline_is_named(body: str) -> None:
    api = ApiClient("http://api.test", "key")
    api._client = httpx.Client(
        base_url="http://api.test", transport=httpx.MockTransport(lambda _: httpx.Response(404, text=body))
    )
    with pytest.raises(ApiError, match=r"404: http://api.test.* is not an API of Trunkline"):
        api.get_call("x")
