"""How livekit-agents ends a job, and what `trunkline_agent` makes of it: the real runner, without a room.

It is the runner's private interface, as nothing public runs a job. A change of its order shows here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock

import pytest
from livekit import agents
from livekit.agents import utils
from livekit.agents.ipc import job_proc_lazy_main, proto
from livekit.agents.job import JobAcceptArguments, JobExecutorType, RunningJobInfo
from livekit.protocol.agent import Job
from trunkline_agent.testing import FakeCall

Does = Callable[[Any, Any], None]


async def run_job(entrypoint: Callable[[Any], Awaitable[None]], started: asyncio.Event) -> None:
    """Run a job until it ends; once its entrypoint has started, its worker is shut down."""
    runner = job_proc_lazy_main._JobProc(
        lambda _: None, entrypoint, None, session_end_timeout=5, executor_type=JobExecutorType.THREAD
    )
    runner.initialize(SimpleNamespace(http_proxy=""), SimpleNamespace(send=AsyncMock()))
    messages = utils.aio.Chan[Any]()
    running = asyncio.create_task(runner.entrypoint(messages))
    accepted = JobAcceptArguments(name="", identity="agent", metadata="")
    info = RunningJobInfo(accepted, Job(id="j"), "ws://livekit.test", "t", "w", fake_job=True)
    start = proto.StartJobRequest()
    start.running_job = info
    messages.send_nowait(start)
    await asyncio.wait_for(started.wait(), 30)
    messages.send_nowait(proto.ShutdownRequest())
    await asyncio.wait_for(running, 30)


@pytest.mark.parametrize(
    ("does", "told"),
    [
        (lambda _ctx, _session: None, None),
        (lambda ctx, _session: ctx.shutdown("done"), "agent_hangup"),
        (lambda _ctx, session: session.shutdown(), "agent_hangup"),
    ],
    ids=["the worker is shut down", "ctx.shutdown", "session.shutdown"],
)
async def test_only_the_agents_own_end_of_its_job_ends_the_call(does: Does, told: str | None) -> None:
    call, started = FakeCall(), asyncio.Event()
    reasons: list[str] = []

    async def entrypoint(ctx: Any) -> None:
        call.open()
        call.job_end.watch(ctx)
        ctx.add_shutdown_callback(call.close)
        session = agents.AgentSession(vad=None, turn_handling={"turn_detection": "manual"})
        session.on("close", lambda event: reasons.append(event.reason.value))
        call.follow(session)
        await session.start(agents.Agent(instructions=""))
        does(ctx, session)
        started.set()

    await run_job(entrypoint, started)
    assert reasons == ["user_initiated"]
    assert call.reported.end_reason == told
