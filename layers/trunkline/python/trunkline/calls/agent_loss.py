"""A call whose agent is gone, and not by its own choice: its person would hear silence. Pure."""

from __future__ import annotations

from dataclasses import replace

from trunkline.calls.changes import ended
from trunkline.calls.model import Call, Change, Happening
from trunkline.calls.parts import AgentLost, Channel, Ending
from trunkline.calls.reasons import Reason
from trunkline.calls.states import State


def may_be_lost(call: Call, claim: int, job_id: str) -> bool:
    """Say whether that agent's leaving can leave the person alone."""
    return call.state is State.ACTIVE and (call.claim, call.agent_job_id) == (claim, job_id)


def agent_lost(call: Call, now_ms: int) -> Change | None:
    """Send the agent again, once, if the call's agent says so; else hang up."""
    if call.state is not State.ACTIVE or call.agent_lost_at_ms is not None:
        return None
    if call.agent.agent_lost is AgentLost.REDISPATCH and call.redispatched_at_ms is None:
        again = replace(call, redispatched_at_ms=now_ms, agent_job_id=None)
        return Change(again, (Happening("agent_lost", {"then": AgentLost.REDISPATCH}),))
    return given_up(call, now_ms)


def given_up(call: Call, now_ms: int) -> Change | None:
    """No agent is coming. A web call ends; a phone call is hung up, and ends when its leg has left."""
    if call.state is not State.ACTIVE:
        return None
    alone = Change(
        replace(call, agent_lost_at_ms=now_ms), (Happening("agent_lost", {"then": AgentLost.HANG_UP}),)
    )
    if call.channel is Channel.PHONE:
        return alone
    return alone.then(ended(alone.call, Ending(State.DISCONNECTED, Reason.AGENT_LOST), now_ms))


def waits_in_vain(call: Call, now_ms: int) -> bool:
    """The agent that was sent again has not come."""
    if call.state is not State.ACTIVE or call.redispatched_at_ms is None or call.agent_job_id:
        return False
    return now_ms > call.redispatched_at_ms + call.agent.agent_join_timeout_s * 1000
