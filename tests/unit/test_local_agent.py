"""`make run AGENT=…`: which agent is run, with what, and what is said when it ends."""

from __future__ import annotations

import io
import sys
import time
from pathlib import Path

import pytest
from rich.console import Console

from local import agent
from local.agent import agent_environment, find_agent, local_agent
from local.config import StackConfig
from local.processes import CannotStart

TALKS = """
import pathlib, time
print("\\x1b[32mregistered worker\\x1b[0m", flush=True)
while not pathlib.Path(__file__).with_name("end").exists():
    time.sleep(0.01)
"""


@pytest.fixture
def config(tmp_path: Path) -> StackConfig:
    return StackConfig(tmp_path / "stack", 1, 2, 3)


def make_agent(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "main.py").write_text(text)
    return folder


def make_console() -> tuple[Console, io.StringIO]:
    written = io.StringIO()
    return Console(file=written, width=200), written


def test_an_agent_is_a_folder_or_a_file_with_its_own_environment_or_the_projects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_agent(tmp_path / "mine", "")
    project = tmp_path / "python"
    monkeypatch.setattr(agent, "LIVEKIT_PYTHON", project)
    with pytest.raises(CannotStart, match=r"make run AGENT="):
        find_agent(str(folder))
    project.touch()
    program = str(folder / "main.py")
    assert (
        find_agent(str(folder)) == find_agent(program) == [str(project), "-u", program, "dev", "--no-reload"]
    )
    own = folder / ".venv" / "bin" / "python"
    own.parent.mkdir(parents=True)
    own.touch()
    assert find_agent(str(folder))[0] == str(own)


@pytest.mark.parametrize("path", ["nowhere", ".", "nowhere/main.py"])
def test_an_agent_that_does_not_exist_is_named(tmp_path: Path, path: str) -> None:
    with pytest.raises(CannotStart, match=r"there is no agent: .* does not exist"):
        find_agent(str(tmp_path / path))


def test_an_agent_has_the_keys_of_its_models_and_reaches_the_stack(config: StackConfig) -> None:
    found = agent_environment(
        config, {"OPENAI_API_KEY": "sk", "LIVEKIT_URL": "wss://cloud", "AGENT_NAME": "x"}
    )
    levels = ("WARN", "INFO", "DEBUG")
    assert {
        agent_environment(config, {"LIVEKIT_LOG_LEVEL": each})["LIVEKIT_LOG_LEVEL"] for each in levels
    } == {"INFO"}, "the line that tells of the registration must not be hidden"
    assert found["OPENAI_API_KEY"] == "sk"
    assert found["LIVEKIT_URL"] == "ws://127.0.0.1:3"
    assert (found["TRUNKLINE_API_URL"], found["AGENT_NAME"]) == ("http://127.0.0.1:1", "x")
    assert agent_environment(config, {})["AGENT_NAME"] == "demo-agent"


def test_the_output_of_an_agent_is_shown_and_its_end_is_told_once(
    config: StackConfig, tmp_path: Path
) -> None:
    program = make_agent(tmp_path / "mine", TALKS) / "main.py"
    console, written = make_console()
    with local_agent(config, [sys.executable, str(program)], console) as worker:
        worker.tell_if_exited()
        assert "exited" not in written.getvalue()
        (program.parent / "end").touch()
        deadline_s = time.monotonic() + 30
        while "exited" not in written.getvalue():
            assert time.monotonic() < deadline_s
            worker.tell_if_exited()
            time.sleep(0.01)
        worker.tell_if_exited()
    assert "agent │ registered worker\n" in written.getvalue()
    assert written.getvalue().count("the agent exited") == 1
    assert str(config.folder / "agent" / "logs" / "agent.log") in written.getvalue().replace("\n", "")


def test_an_agent_that_crashes_at_its_start_stops_the_stack_with_its_traceback(
    config: StackConfig, tmp_path: Path
) -> None:
    program = make_agent(tmp_path / "mine", "import no_such_module") / "main.py"
    console, written = make_console()
    with (
        pytest.raises(CannotStart, match="the agent exited while starting"),
        local_agent(config, [sys.executable, str(program)], console),
    ):
        pass
    assert "agent │ ModuleNotFoundError: No module named 'no_such_module'" in written.getvalue()
