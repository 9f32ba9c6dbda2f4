"""Batches of the command line: what is said of a list, and when nobody is called."""

from __future__ import annotations

import copy
import json
import os
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from trunkline_cli import batch_run
from trunkline_cli.api import ApiClient, ApiError
from trunkline_cli.commands import batches
from trunkline_cli.main import app
from typer.testing import CliRunner, Result

PROGRESS: dict[str, Any] = {
    "rows": 3,
    "accepted": 2,
    "refused": 1,
    "waiting": 0,
    "ended": 0,
    "outcomes": {},
    "reasons": [],
    "refusals": [{"type": "invalid_phone_number", "rows": 1}],
}
BATCH: dict[str, Any] = {
    "id": "b-1",
    "status": "awaiting_upload",
    "paused": False,
    "refused_because": None,
    "upload": {"method": "PUT", "url": "https://uploads.example.com/b-1?signature=s", "expires_at": "…"},
    "progress": PROGRESS,
    "forecast": {"calls": 2, "starts_at": "2026-01-01T09:00:00.000Z", "finish_at": None},
}


class Api:
    """A batch that goes one step on each time it is looked at, after it was started."""

    def __init__(self) -> None:
        self.batch = copy.deepcopy(BATCH)
        self.created: dict[str, Any] = {}
        self.uploaded: list[tuple[str, bytes]] = []
        self.steps: list[dict[str, Any]] = []
        self.after_start = [[{"status": "checking"}, {"status": "checked"}], self._calls()]

    def _calls(self) -> list[dict[str, Any]]:
        done = PROGRESS | {"ended": 2, "outcomes": {"completed": 1, "failed": 1}}
        return [{"status": "running"}, {"status": "running"}, {"status": "completed", "progress": done}]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api/v1/batches")
        if request.method == "POST" and path == "":
            self.created = json.loads(request.content)
        elif path == "/b-1/start":
            self.steps = self.after_start.pop(0)
        elif path == "/b-1" and self.steps:
            self.batch |= self.steps.pop(0)
        return httpx.Response(200, json=self.batch)


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Api:
    api = Api()

    def begin(self: ApiClient, url: str, key: str) -> None:
        self._client = httpx.Client(base_url=url, transport=httpx.MockTransport(api))

    def upload(url: str, file: Path) -> None:
        api.uploaded.append((url, file.read_bytes()))

    monkeypatch.setattr(ApiClient, "__init__", begin)
    quick = partial(batch_run.BatchRun, upload=upload, sleep=lambda _: None)
    monkeypatch.setattr(batches, "BatchRun", quick)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TRUNKLINE_")}
    monkeypatch.setattr(os, "environ", environment | {"XDG_CONFIG_HOME": str(tmp_path / "config")})
    return api


@pytest.fixture
def people(tmp_path: Path) -> Path:
    file = tmp_path / "people.csv"
    file.write_text("phone\n+15550100001\n+15550100002\nhello\n")
    return file


def run(*words: str, status: int = 0) -> Result:
    where = ("--key", "as_test_1", "--url", "https://calls.example.com")
    result = CliRunner().invoke(app, ["batches", *words, *where])
    assert result.exit_code == status, result.output
    return result


def test_a_list_is_checked_and_nobody_is_called_without_a_yes(api: Api, people: Path) -> None:
    said = run("run", str(people), "--agent", "a-1").stdout
    assert api.created == {
        "name": "people.csv",
        "body": {"agentId": "a-1", "phoneNumber": '{{row["phone"]}}'},
        "format": "csv",
        "dry_run": True,
    }
    assert api.uploaded == [(BATCH["upload"]["url"], people.read_bytes())]
    assert "3 rows: 2 would be called, 1 are refused" in said
    assert "1 as invalid_phone_number" in said
    assert "never: a calling window does not open" in said
    assert said.endswith("batch b-1: nobody was called\nto call them without a question, add --yes\n")
    assert len(api.after_start) == 1, "it was started for its check alone"


def test_with_a_yes_the_rows_are_called_and_each_change_is_a_line(api: Api, people: Path) -> None:
    said = run("run", str(people), "--agent", "a-1", "--yes").stdout.splitlines()
    assert said[-2:] == [
        "running: 2 calls, 1 rows refused, 0 ended",
        "completed: 2 calls, 1 rows refused, 2 ended (1 completed, 1 failed)",
    ]


def test_a_batch_that_is_refused_says_why(api: Api, people: Path) -> None:
    api.after_start[0] = [{"status": "refused", "refused_because": "no column phone"}]
    complaint = run("run", str(people), "--agent", "a-1", status=1).stderr
    assert "batch b-1 was refused: no column phone" in complaint


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("empty.csv", "", "is empty"),
        ("people.xlsx", "x", "files that end in"),
        ("none", None, "No such file"),
    ],
)
def test_a_file_that_is_no_list_is_refused_before_a_batch_is_made(
    api: Api, tmp_path: Path, name: str, content: str | None, complaint: str
) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    assert complaint in run("run", str(tmp_path / name), "--agent", "a-1", status=1).stderr
    assert api.created == {}


def test_a_file_that_is_too_large_is_not_read(api: Api, tmp_path: Path) -> None:
    large = tmp_path / "large.csv"
    with large.open("wb") as file:
        file.truncate(2 * 1024**3)
    complaint = " ".join(run("run", str(large), "--agent", "a-1", status=1).stderr.split())
    assert "has 2,048 MB, and a batch takes 100 MB of csv: split it" in complaint
    assert api.created == {}


@pytest.mark.parametrize(
    ("template", "complaint"), [("{", "is no JSON"), ("[1]", "a JSON object"), (None, "name the agent")]
)
def test_a_call_needs_an_agent_or_a_body(
    api: Api, people: Path, tmp_path: Path, template: str | None, complaint: str
) -> None:
    words = ["run", str(people)]
    if template is not None:
        (tmp_path / "body.json").write_text(template)
        words += ["--template", str(tmp_path / "body.json")]
    assert complaint in " ".join(run(*words, status=1).stderr.split())


def test_the_upload_goes_where_the_api_says_without_a_key(
    monkeypatch: pytest.MonkeyPatch, people: Path
) -> None:
    seen: list[tuple[str, dict[str, str], bytes]] = []

    def put(url: str, *, content: Any, headers: dict[str, str], timeout: float) -> httpx.Response:
        seen.append((url, headers, content.read()))
        return httpx.Response(200, request=httpx.Request("PUT", url))

    monkeypatch.setattr(httpx, "put", put)
    batch_run.upload_put("https://uploads.example.com/x", people)
    length = {"Content-Length": str(people.stat().st_size)}
    assert seen == [("https://uploads.example.com/x", length, people.read_bytes())]


def test_a_refused_upload_does_not_show_the_address_which_is_a_right(
    monkeypatch: pytest.MonkeyPatch, people: Path
) -> None:
    monkeypatch.setattr(httpx, "put", lambda *_, **__: httpx.Response(403))
    with pytest.raises(ApiError, match=r"^the upload was refused with 403$"):
        batch_run.upload_put("https://uploads.example.com/x?signature=s", people)
