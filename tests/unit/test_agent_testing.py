"""The agents' package: its fake behaves as the API, its types are those of the API, a context is checked."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel
from trunkline_agent import AgentCall, InvalidContext, NotACall, Refused, context, metrics, tools
from trunkline_agent.testing import FakeCall, ToolFails

from local.config import ROOT
from trunkline.call_control import agent_context
from trunkline.calls.report_schemas import ConversationMetrics, ModelUse, Reports, TurnLatency
from trunkline.core.validation import validated
from trunkline.tool_runtime import errors, executor, function_definitions, service

MEAL = {"type": "object", "properties": {"meal": {"type": "string"}}, "required": ["meal"]}


class Person(BaseModel):
    user_name: str
    age: int


@dataclass
class Progress:
    step: int


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (context.CallContext, agent_context.AgentCallContext),
        (context.CallFacts, agent_context.ContextCall),
        (context.FirstAgent, agent_context.ContextAgent),
        (context.TeamMember, agent_context.TeamMember),
        (context.WorkflowFacts, agent_context.ContextWorkflow),
        (tools.ToolDefinition, function_definitions.ToolDefinition),
        (tools.ToolResult, service.InvocationView),
        (tools.ToolAction, executor.ActionView),
        (tools.ToolFailure, errors.FailureView),
    ],
)
def test_the_types_of_the_package_are_those_of_the_api(ours: Any, theirs: Any) -> None:
    assert set(ours.__annotations__) == set(theirs.__annotations__)


def test_the_figures_of_the_package_are_those_that_the_api_takes() -> None:
    assert set(metrics.ModelUse.__annotations__) == set(ModelUse.model_fields)
    assert set(metrics.Latency.__annotations__) == set(TurnLatency.model_fields)
    assert {*metrics.AgentMetrics.__annotations__, "type"} == set(ConversationMetrics.model_fields)


async def test_a_fake_call_has_the_context_of_a_real_one() -> None:
    async with FakeCall(agents=("Ada", "Bea")) as call:
        found: Any = await call.context()
    assert set(found) == set(agent_context.AgentCallContext.__annotations__)
    assert set(found["call"]) == set(agent_context.ContextCall.__annotations__)
    assert set(found["workflow"]) == set(agent_context.ContextWorkflow.__annotations__)
    assert (call.agent, call.team) == ("Ada", ["Ada", "Bea"])


async def test_a_fake_call_records_what_a_real_one_would_send() -> None:
    async with FakeCall() as call:
        await call.context()
        await call.answered()
        call.said("assistant", "x" * 50_000)
        await call.set_variables({"step": 2})
        await call.answering_machine("human")
        await call.summary("All good.")
        await call.metrics({"models": [], "latencies": []})
        await call.ended("done")
    seen = call.reported
    assert (seen.answered, seen.variables, seen.answering_machine) == (True, {"step": 2}, "human")
    assert (seen.summary, seen.end_reason, call.is_over) == ("All good.", "done", True)
    assert [len(content) for content in seen.said("assistant")] == [40_000, 10_000]
    validated(Reports, {"reports": seen.reports})


async def test_a_fake_call_refuses_what_a_real_one_refuses() -> None:
    call = FakeCall(agents=("Ada",))
    with pytest.raises(RuntimeError, match="async with"):
        await call.context()
    async with call:
        await call.context()
        with pytest.raises(ValueError, match="role must be"):
            call.said("agent", "x")
        with pytest.raises(ValueError, match="no agent Bea"):
            await call.agent_changed("Bea")
        with pytest.raises(Refused, match="Tool not found"):
            await call.use_tool("save_meal", {})


async def test_a_fake_call_answers_tools() -> None:
    def save(params: Any) -> dict[str, Any]:
        if params["meal"] == "stone":
            raise ToolFails("nobody eats that")
        return {"meal_id": "m-1"}

    async with FakeCall() as call:
        call.add_tool("save meal", save, parameters=MEAL)
        assert [(each["name"], each["parameters"]) for each in await call.tools()] == [("save meal", MEAL)]
        done = await call.use_tool("save meal", {"meal": "eggs"})
        failed = await call.use_tool("save meal", {"meal": "stone"})
    assert set(done) == set(service.InvocationView.__annotations__)
    assert (done["status"], done["result"]) == ("succeeded", {"meal_id": "m-1"})
    assert failed["status"] == "failed"
    assert failed["error"] is not None
    assert failed["error"]["message"] == "nobody eats that"
    assert call.reported.tool_uses == [("save meal", {"meal": "eggs"}), ("save meal", {"meal": "stone"})]


async def test_a_context_has_the_types_that_were_asked_for() -> None:
    async with FakeCall(user_context={"user_name": "Ada", "age": 36}, variables={"step": 2}) as call:
        plain, typed = await call.context(), await call.context(Person, Progress)
    assert plain["user_context"]["user_name"] == "Ada"
    assert typed["user_context"] == Person(user_name="Ada", age=36)
    assert typed["variables"] == Progress(step=2)
    assert typed["call"]["channel"] == "phone"


async def test_a_context_of_another_type_is_refused_without_its_values() -> None:
    async with FakeCall(user_context={"age": "canary-7f3a"}) as call:
        with pytest.raises(InvalidContext) as refused:
            await call.context(Person)
    assert (
        str(refused.value) == "not a Person: user_context.user_name (missing), user_context.age (int_parsing)"
    )
    assert refused.value.__cause__ is None
    assert "canary-7f3a" not in json.dumps(str(refused.value))


async def test_the_call_of_a_job_is_open_until_the_job_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TRUNKLINE_API_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    at_shutdown: list[Any] = []
    room = SimpleNamespace(name="call-00000000-0000-4000-8000-000000000001-2")
    reasons: list[str] = []
    job = SimpleNamespace(
        job=SimpleNamespace(room=room), add_shutdown_callback=at_shutdown.append, shutdown=reasons.append
    )
    call = AgentCall.of_job(job)
    job.shutdown("done")
    assert reasons == ["done"]
    assert call.id == "00000000-0000-4000-8000-000000000001"
    assert at_shutdown == [call.close]
    # LiveKit tells by the code object of a callback whether it wants the reason (`JobContext`).
    assert call.close.__code__.co_argcount == 1
    await call.close()
    room.name = "lobby"
    with pytest.raises(NotACall):
        AgentCall.of_job(job)


def test_the_package_installs_whole_with_its_types(tmp_path: Path) -> None:
    source = shutil.copytree(
        ROOT / "agent", tmp_path / "agent", ignore=shutil.ignore_patterns("build", "*.egg-info")
    )
    uv, target = ROOT / ".local" / "bootstrap" / "bin" / "uv", tmp_path / "installed"
    options = ["-q", "--no-deps", "--no-build-isolation", "--python", sys.executable, "--target", str(target)]
    subprocess.run([str(uv), "pip", "install", *options, str(source)], check=True)
    package = source / "trunkline_agent"
    names = {file.name for file in package.iterdir() if file.is_file()}
    assert "py.typed" in names
    assert {file.name for file in (target / "trunkline_agent").iterdir() if file.is_file()} == names
    version = (
        next(target.glob("trunkline_agent-*.dist-info")).name.removesuffix(".dist-info").partition("-")[2]
    )
    assert f"\n## {version}\n" in (source / "CHANGELOG.md").read_text()
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert {"build/", "*.egg-info/"} <= set(ignored), "what a build leaves is not to be committed"
