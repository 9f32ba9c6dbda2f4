"""Transitions for a call whose agent left or crashed while the callee is still connected. Pure."""

from __future__ import annotations

from dataclasses import replace

from trunkline.calls.models import Call, Change, NewEvent
from trunkline.calls.reasons import Reason
from trunkline.calls.states import Phase, State
from trunkline.calls.transitions import close_web_call
from trunkline.calls.value_objects import (
    MAX_AGENT_TURNS,
    AgentLost,
    AgentTurn,
    Channel,
    Ending,
    HandoffAgent,
)


def can_lose_agent(call: Call, claim: int, job_id: str) -> bool:
    """Tell whether that agent is the only one in the call."""
    return call.state is State.ACTIVE and (call.claim, call.agent_job_id) == (claim, job_id)


def agent_lost(call: Call, now_ms: int) -> Change | None:
    """Dispatch the agent again, once, if its settings say so; otherwise hang up."""
    if call.state is not State.ACTIVE or call.agent_lost_at_ms is not None:
        return None
    if call.agent.agent_lost is AgentLost.REDISPATCH and call.redispatched_at_ms is None:
        redispatched = replace(call, redispatched_at_ms=now_ms, agent_job_id=None)
        return Change(redispatched, (NewEvent("agent_lost", {"then": AgentLost.REDISPATCH}),))
    return end_agent_lost(call, now_ms)


def end_agent_lost(call: Call, now_ms: int) -> Change | None:
    """End a web call, or hang up a phone call, which then ends when its leg has left."""
    if call.state is not State.ACTIVE:
        return None
    alone = Change(
        replace(call, agent_lost_at_ms=now_ms), (NewEvent("agent_lost", {"then": AgentLost.HANG_UP}),)
    )
    if call.channel is Channel.PHONE:
        return alone
    return alone.merge(close_web_call(alone.call, Ending(State.DISCONNECTED, Reason.AGENT_LOST), now_ms))


def replacement_overdue(call: Call, now_ms: int) -> bool:
    """Tell whether the agent that was dispatched again, or that was to take over, failed to join in time."""
    sent_ms = max(call.redispatched_at_ms or 0, call.handover_at_ms or 0)
    if call.state is not State.ACTIVE or not sent_ms or call.agent_job_id:
        return False
    return now_ms > sent_ms + call.agent.agent_join_timeout_s * 1000


AGENT_GRACE_MS = 10_000
"""How long the person may be alone after the agent left by itself, before the call is hung up."""


def agent_left(call: Call, claim: int, job_id: str, at_ms: int) -> Change | None:
    """Note that the call's agent left by itself; another may be there, or come.

    Before the dial it is not noted: a write would take the claim from its run.
    """
    if call.channel is Channel.PHONE and call.phase not in (Phase.SENT, Phase.SETTLED):
        return None
    if call.is_terminal or call.claim != claim or call.agent_job_id not in (None, job_id):
        return None
    if call.agent_left_at_ms is not None or call.handover_at_ms is not None:
        return None
    return Change(replace(call, agent_left_at_ms=at_ms))


def agent_overdue(call: Call, now_ms: int) -> bool:
    """Say whether the person has been without an agent for the grace, as far as is known."""
    if call.state is not State.ACTIVE or call.agent_left_at_ms is None:
        return False
    return now_ms >= max(call.agent_left_at_ms, call.answered_at_ms or 0) + AGENT_GRACE_MS


def agent_found(call: Call, job_id: str) -> Change:
    """Note the agent that LiveKit knows of in the room of a call whose own has left."""
    return Change(replace(call, agent_left_at_ms=None, agent_job_id=job_id))


def on_handover(call: Call, turn: AgentTurn) -> Change | None:
    """Record that another agent was dispatched to take over; the present one may then leave unharmed."""
    if call.is_terminal or len(call.agent_turns) >= MAX_AGENT_TURNS:
        return None
    turns = (*call.agent_turns, turn)
    after = replace(call, agent_turns=turns, handover_at_ms=turn.at_ms)
    return Change(after, (NewEvent("agent_changed", {"agent": turn.agent, "attempt": call.attempt_number}),))


def predecessor_left(call: Call, job_id: str) -> Change | None:
    """Record that the agent that handed over has left before its successor joined."""
    if call.state is not State.ACTIVE or call.handover_at_ms is None or call.agent_job_id != job_id:
        return None
    return Change(replace(call, agent_job_id=None))


def active_agent(call: Call) -> HandoffAgent:
    """Return the last agent that took the call over in this attempt, or the one it was created with."""
    first = HandoffAgent(call.agent.id, call.agent.name, call.agent.livekit_agent_name, call.agent.tools)
    name = active_agent_name(call)
    return next((agent for agent in call.handoff_agents if agent.name == name), first)


def active_agent_name(call: Call) -> str:
    """Return the reported name of the agent that has the call; it need not be one that is defined."""
    turns = [turn for turn in call.agent_turns if turn.claim in (0, call.claim)]
    return turns[-1].agent if turns else call.agent.name
