"""The command line on the local stack, and bad input: one line, and no traceback."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

import boto3
import botocore.session
import httpx
import pytest
import typer
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from trunkline_cli.api import ApiClient, ApiError
from trunkline_cli.commands import calls
from trunkline_cli.console import report_errors, show, show_error, show_table
from trunkline_cli.local_stack import use_local_stack
from trunkline_cli.main import app
from typer.testing import CliRunner

from trunkline.core.errors import NotFound

STACK = {"aws_endpoint_url": "http://127.0.0.1:1", "api_url": "http://127.0.0.1:2", "live_key": "as_live_x"}


def _stacks(members: str) -> bytes:
    result = f"<DescribeStacksResult><Stacks>{members}</Stacks></DescribeStacksResult>"
    return f"<DescribeStacksResponse>{result}</DescribeStacksResponse>".encode()


class Raw(io.BytesIO):
    """The body of a response, as botocore reads it."""

    def stream(self, *_: object, **__: object) -> list[bytes]:
        return [self.read()]


@pytest.fixture
def stack_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local" / "stack.json").write_text(json.dumps(STACK))
    below = tmp_path / "docs"
    below.mkdir()
    monkeypatch.chdir(below)
    # What the option sets is taken back with the test.
    monkeypatch.setattr(os, "environ", os.environ.copy())
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it keeps the region of the test that made it
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
        (["calls", "place", "x", "+15550100001", "--key", "é"], "✗ the API key is empty, or has"),
        (["calls", "place", "x", "y", "--url", "http://a:b"], "InvalidURL"),
        (["calls", "why", "+15550100001"], "ConnectError"),
        (["tenants", "list"], "EndpointConnectionError"),
        (["apply", "."], "Is a directory"),
        (["livekit", "set", "wss://[", "k", "--api-secret", "s"], "is no URL of a LiveKit project"),
        (["livekit", "set", "wss://a:b", "k", "--api-secret", "s"], "is no URL of a LiveKit project"),
        (["livekit", "set", "https://a b", "k", "--api-secret", "s"], "is no URL of a LiveKit project"),
        (["livekit", "set", "wss://a:99999", "k", "--api-secret", "s"], "is no URL of a LiveKit project"),
        (["livekit", "set", "wss://u:p@a", "k", "--api-secret", "s"], "is no URL of a LiveKit project"),
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


@pytest.mark.parametrize("text", ['{"aws_endpo', "", "null", "[1]", '{"api_url": "x"}', "[" * 10_000, "{}"])
def test_a_half_written_stack_file_is_one_line(stack_folder: Path, text: str) -> None:
    (stack_folder.parent / ".local" / "stack.json").write_text(text)
    result = CliRunner().invoke(app, ["--local", "tenants", "list"])
    assert isinstance(result.exception, SystemExit), result.exception
    assert "stack.json is not complete: wait until `make run` is ready" in result.stderr


def test_what_others_wrote_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """In one line, too, which a script can read: neither wrapped nor cut at the width of a terminal."""
    name = "[/x] [red]:smile: " + "a" * 200
    show(name + "\x1b[2J\r")
    show_error(name)
    show_table(("name", "id"), [(name, "\x1b]0;x\x07")])
    shown = capsys.readouterr()
    assert shown.out.splitlines()[0] == name + r"\x1b[2J\r"
    assert shown.err == f"✗ {name}\n"
    assert name in shown.out.splitlines()[-2]
    assert "\x1b" not in shown.out
    assert r"\x1b]0;x\x07" in shown.out


def test_a_key_that_no_header_can_carry_is_refused_and_not_shown(stack_folder: Path) -> None:
    words = ["--local", "calls", "place", "x", "+15550100001", "--key", "as_live_y\n"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 1
    assert "the API key is empty, or has characters" in result.stderr
    assert "as_live_y" not in result.output


def test_a_terminal_without_unicode_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(written, encoding="ascii"))
    with pytest.raises(typer.Exit), report_errors():
        raise NotFound("tenant é not found")
    sys.stderr.flush()
    assert written.getvalue() == b"\\u2717 tenant \\xe9 not found\n"


@pytest.mark.parametrize(
    ("responses", "complaint"),
    [
        ([b"<html>"], "the address of AWS does not answer as AWS does"),
        ([_stacks("")], "stack trunkline-dev not found"),
        ([_stacks("<member><StackName>x</StackName></member>")], "the stack has no output TableName"),
    ],
)
def test_an_answer_in_place_of_aws_is_one_line(
    monkeypatch: pytest.MonkeyPatch, responses: list[bytes], complaint: str
) -> None:
    session = botocore.session.Session()
    session.set_credentials("a", "b")
    client = session.create_client("cloudformation", region_name="us-east-1")
    response = AWSResponse("https://aws.test", 200, HTTPHeaders(), Raw(responses[0]))
    client.meta.events.register("before-send", lambda **_: response)  # type: ignore[arg-type]
    monkeypatch.setattr(boto3, "client", lambda *_: client)
    result = CliRunner().invoke(app, ["tenants", "list"])
    assert isinstance(result.exception, SystemExit), result.exception
    assert complaint in result.stderr


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


@pytest.mark.parametrize(
    "text",
    [
        '{"data": {}}',
        '{"data": {"status": null}, "status_reason": null, "queue_state": null}',
        '{"data": {"status": null, "roomId": null, "jobId": null, "sipParticipantId": null},'
        ' "status_reason": null, "queue_state": null}',
    ],
)
def test_a_response_that_lacks_what_is_shown_is_one_line(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(calls, "open_api", lambda *_: _api(200, text))
    for words in (["watch", "x"], ["place", "a", "+15550100001"]):
        result = CliRunner().invoke(app, ["calls", *words, "--key", "k"])
        assert isinstance(result.exception, SystemExit), result.exception
        assert "has another form than those of Trunkline's API" in result.stderr


@pytest.mark.parametrize("cursor", ['"again"', "5"])
def test_a_list_without_an_end_is_one_line(monkeypatch: pytest.MonkeyPatch, cursor: str) -> None:
    monkeypatch.setattr(calls, "open_api", lambda *_: _api(200, f'{{"data": [], "next_cursor": {cursor}}}'))
    result = CliRunner().invoke(app, ["calls", "why", "+15550100001", "--key", "k"])
    assert (result.exit_code, result.stderr) == (1, "✗ calls: the list does not end\n")
