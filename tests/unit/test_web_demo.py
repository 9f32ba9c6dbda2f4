"""The demo call of `make run AGENT=…`: what is said when it does not come about."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from rich.console import Console
from trunkline_cli.api import ApiClient, ApiError

from local import web_demo
from local.web_demo import talk_to_agent

STACK: Any = SimpleNamespace(
    config=SimpleNamespace(api_url="http://api.test", livekit=("http://livekit.test", "k", "s")),
    seed=SimpleNamespace(live_key="as_live_x", workflow_slug="demo-web"),
)


def respond(monkeypatch: pytest.MonkeyPatch, status: int, body: dict[str, Any]) -> None:
    monkeypatch.setattr(httpx, "post", lambda *_, **__: httpx.Response(status, json=body))


def test_a_refused_call_is_told_with_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    respond(monkeypatch, 404, {"error": {"message": "Workflow not found"}})
    with pytest.raises(ApiError, match="404 .*Workflow not found"):
        talk_to_agent(STACK, Console(file=io.StringIO()))


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("import sys; sys.exit('ConnectError: no such host [x]')", "ConnectError: no such host [x]"),
        ("import time; time.sleep(30)", "The participant did not come to an end."),
    ],
)
def test_an_agent_that_says_nothing_is_told_with_what_the_participant_met(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, program: str, told: str
) -> None:
    respond(monkeypatch, 201, {"call_id": "c-1", "token": "t"})
    ended = {"status": "timeout", "status_reason": "join_timeout", "transcript": []}
    monkeypatch.setattr(ApiClient, "get_call", lambda *_: ended)
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{program}"\n')
    python.chmod(0o755)
    monkeypatch.setattr(web_demo, "LIVEKIT_PYTHON", python)
    monkeypatch.setattr(web_demo, "_PARTICIPANT_S", 1)
    written = io.StringIO()
    assert talk_to_agent(STACK, Console(file=written, width=200)) is False
    assert f"the agent said nothing. {told}" in written.getvalue()


def test_the_participants_token_is_no_argument_of_its_program(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Everybody on the machine can read the arguments."""
    respond(monkeypatch, 201, {"call_id": "c-1", "token": "canary-7f3a"})
    ended = {"status": "completed", "status_reason": "user_hangup", "transcript": []}
    monkeypatch.setattr(ApiClient, "get_call", lambda *_: ended)
    python, seen = tmp_path / "python", tmp_path / "seen"
    python.write_text(f'#!/bin/sh\necho "$@ | $PARTICIPANT_LIVEKIT_URL $PARTICIPANT_TOKEN" > "{seen}"\n')
    python.chmod(0o755)
    monkeypatch.setattr(web_demo, "LIVEKIT_PYTHON", python)
    talk_to_agent(STACK, Console(file=io.StringIO()))
    assert seen.read_text() == "-m local.web_participant | ws://livekit.test canary-7f3a\n"
