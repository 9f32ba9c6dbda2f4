"""What of a session's end is told as the end of the call: the agent's own, and no other."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from trunkline_agent import job_end

from tests.support.agent_sessions import (
    KIND,
    Job,
    Session,
    make_call,
    make_participant,
    make_room,
    open_for_job,
)


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("user_initiated", "agent_hangup"),
        ("task_completed", "agent_hangup"),
        ("error", "session_error"),
        ("participant_disconnected", None),
        ("job_shutdown", None),
    ],
)
async def test_a_session_that_the_agent_closes_ends_the_call(reason: str, told: str | None) -> None:
    session = Session(make_participant(KIND.STANDARD))
    async with make_call() as call:
        followed = call.follow(session)
        session.say_turn("assistant", "Goodbye")
        session.close(reason)
        await asyncio.wait_for(followed.wait_closed(), 5)
    assert call.reported.end_reason == told
    assert call.reported.said("assistant") == ["Goodbye"]


@pytest.mark.parametrize(
    ("end", "told"),
    [
        ("the worker is shut down", None),
        ("the agent shuts the job down", "agent_hangup"),
        ("the agent closes the session", "agent_hangup"),
        ("the session fails", "session_error"),
    ],
)
async def test_only_the_agents_own_end_of_its_session_ends_the_call(end: str, told: str | None) -> None:
    session, call, job = Session(make_participant(KIND.STANDARD)), make_call(), Job()
    from_outside = job.shutdown

    async def entrypoint() -> None:
        open_for_job(call, job)
        call.follow(session)
        if end == "the agent shuts the job down":
            job.shutdown("done")
        elif end == "the agent closes the session":
            session.close("user_initiated")
        elif end == "the session fails":
            session.close("error")

    running = asyncio.create_task(job.run(entrypoint(), session))
    await asyncio.sleep(0)
    from_outside()
    await asyncio.wait_for(running, 5)
    assert call.reported.end_reason == told


@pytest.mark.parametrize("job_ends", [False, True])
async def test_a_session_closed_by_a_task_of_neither_is_told_by_the_jobs_end(
    monkeypatch: pytest.MonkeyPatch, job_ends: bool
) -> None:
    """Such as a handler of a room that was connected before the call was opened."""
    monkeypatch.setattr(job_end, "_JOB_ENDS_WITHIN_S", 60 if job_ends else 0.01)
    session, call = Session(make_participant(KIND.STANDARD)), make_call()
    followed: list[Any] = []

    async def entrypoint() -> None:
        open_for_job(call, Job())
        followed.append(call.follow(session))

    await asyncio.create_task(entrypoint())
    session.close("user_initiated")
    if not job_ends:
        await asyncio.wait_for(followed[0].wait_closed(), 5)
    await asyncio.wait_for(call.close(), 5)
    assert call.reported.end_reason == (None if job_ends else "agent_hangup")


async def test_an_agent_that_lost_its_room_has_not_hung_up() -> None:
    session = Session(make_participant(KIND.STANDARD))
    async with make_call() as call:
        call.follow(session)
        assert session.room is not None
        session.room.isconnected = lambda: False
        session.close("user_initiated")
    assert call.reported.end_reason is None


async def test_a_call_that_its_person_left_is_not_ended_by_the_agent() -> None:
    """The job ends after the person has gone; Trunkline knows the reason from LiveKit."""
    session = Session(make_participant(KIND.AGENT), make_participant(KIND.SIP, sip__callStatus="hangup"))
    async with make_call() as call:
        call.follow(session)
        session.close("user_initiated")
    assert call.reported.end_reason is None


@pytest.mark.parametrize("action", ["transfer_agent", "end_call"])
async def test_a_call_that_a_tool_has_passed_on_is_not_ended(action: str) -> None:
    session = Session(make_participant(KIND.STANDARD))
    async with make_call() as call:
        call.add_tool("pass_on", lambda _: None, actions=[action])
        call.follow(session)
        await call.use_tool("pass_on", {})
        session.close("user_initiated")
    assert call.reported.end_reason is None


async def test_an_agent_whose_successor_does_not_come_has_the_call_again() -> None:
    async with make_call() as call:
        call.add_tool("pass_on", lambda _: None, actions=["transfer_agent"])
        await call.use_tool("pass_on", {})
        avatar = make_participant(KIND.AGENT, lk__publish_on_behalf="agent-1")
        assert not await call.wait_for_successor(make_room(make_participant(KIND.STANDARD), avatar), 0.01)
        assert not call.is_over
        assert await call.wait_for_successor(make_room(make_participant(KIND.AGENT)), 5)
        assert call.is_over
