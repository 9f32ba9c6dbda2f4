"""A call whose agent is gone, and not by its own choice: its person would hear silence. Pure."""

from __future__ import annotations

from dataclasses import replace

from trunkline.calls.models import Call, Change, NewEvent
from trunkline.calls.reasons import Reason
from trunkline.calls.states import State
from trunkline.calls.transitions import end_call
from trunkline.calls.value_objects import (
    MAX_AGENT_TURNS,
    AgentLost,
    AgentTurn,
    Channel,
    Ending,
    HandoffAgent,
)


def can_lose_agent(call: Call, claim: int, job_id: str) -> bool:
    """Say whether that agent's leaving can leave the person alone."""
    return call.state is State.ACTIVE and (call.claim, call.agent_job_id) == (claim, job_id)


def agent_lost(call: Call, now_ms: int) -> Change | None:
    """Send the agent again, once, if the call's agent says so; else hang up."""
    if call.state is not State.ACTIVE or call.agent_lost_at_ms is not None:
        return None
    if call.agent.agent_lost is AgentLost.REDISPATCH and call.redispatched_at_ms is None:
        again = replace(call, redispatched_at_ms=now_ms, agent_job_id=None)
        return Change(again, (NewEvent("agent_lost", {"then": AgentLost.REDISPATCH}),))
    return end_agent_lost(call, now_ms)


def end_agent_lost(call: Call, now_ms: int) -> Change | None:
    """No agent is coming. A web call ends; a phone call is hung up, and ends when its leg has left."""
    if call.state is not State.ACTIVE:
        return None
    alone = Change(
        replace(call, agent_lost_at_ms=now_ms), (NewEvent("agent_lost", {"then": AgentLost.HANG_UP}),)
    )
    if call.channel is Channel.PHONE:
        return alone
    return alone.merge(end_call(alone.call, Ending(State.DISCONNECTED, Reason.AGENT_LOST), now_ms))


def replacement_overdue(call: Call, now_ms: int) -> bool:
    """The agent that was sent again, or that was to take over, has not come, and no other is there."""
    sent_ms = max(call.redispatched_at_ms or 0, call.handover_at_ms or 0)
    if call.state is not State.ACTIVE or not sent_ms or call.agent_job_id:
        return False
    return now_ms > sent_ms + call.agent.agent_join_timeout_s * 1000


def on_handover(call: Call, turn: AgentTurn) -> Change | None:
    """Another agent was sent in to take over: the one that is there may go by then, and is not lost."""
    if call.is_terminal or len(call.agent_turns) >= MAX_AGENT_TURNS:
        return None
    turns = (*call.agent_turns, turn)
    after = replace(call, agent_turns=turns, handover_at_ms=turn.at_ms)
    return Change(after, (NewEvent("agent_changed", {"agent": turn.agent}),))


def predecessor_left(call: Call, job_id: str) -> Change | None:
    """The agent that was to be taken over from has left; its person is alone until the other one comes."""
    if call.state is not State.ACTIVE or call.handover_at_ms is None or call.agent_job_id != job_id:
        return None
    return Change(replace(call, agent_job_id=None))


def active_agent(call: Call) -> HandoffAgent:
    """Who has the call: the last one who took it over, or the one it was made with."""
    first = HandoffAgent(call.agent.id, call.agent.name, call.agent.livekit_agent_name, call.agent.tools)
    name = call.agent_turns[-1].agent if call.agent_turns else first.name
    return next((each for each in call.handoff_agents if each.name == name), first)
