"""Final check of a call before its intent: what was forbidden before the intent never rings (rule 8)."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError

from trunkline.calls.models import Call
from trunkline.calls.reasons import Reason
from trunkline.calls.states import State
from trunkline.calls.transitions import end_call
from trunkline.calls.value_objects import Ending
from trunkline.compliance.policy import CompliancePolicy
from trunkline.dialer.claim import Claim
from trunkline.dialer.context import DialerContext
from trunkline.dialer.dialling_rules import may_start
from trunkline.storage.keys.item import SK
from trunkline.storage.keys.resources import agent_key
from trunkline.trunks.models import TrunkState

_ACTIVE = "active"


async def may_ring(
    context: DialerContext, claim: Claim, call: Call, state: TrunkState, starts_ms: int
) -> bool:
    """Decide whether a prepared call may ring at `starts_ms`; a call that may not is ended or returned.

    A table that does not answer forbids it for now: the call returns to the queue.
    """
    try:
        reason = await context.offload(forbidden_now, context.compliance, call)
    except (BotoCoreError, ClientError):
        await claim.release(call, why="rules_not_read")
        return False
    if reason:
        ending = Ending(State.FAILED, reason)
        await claim.settle(call, lambda current, now_ms: end_call(current, ending, now_ms))
        await claim.delete_room(call)
        return False
    if call.tenant_id not in state.tenants or not may_start(call, state, starts_ms):
        # It waited too long for its slot: the next claim records the reason. Without a grant none follows.
        await claim.release(call, why="too_late")
        return False
    return True


def forbidden_now(compliance: CompliancePolicy, call: Call) -> Reason | None:
    """Return why a call must not ring, as the table has it now: one BatchGetItem, strongly consistent.

    A key that was revoked since does not count: it was valid when the call was accepted.
    """
    # A test key may call with a live agent.
    agents = [agent_key(tenant_mode, call.agent.id) for tenant_mode in (call.tenant_mode, call.tenant_id)]
    rules = compliance.keys(call)
    items = {item[SK]: item for item in compliance.table.get_all(list(dict.fromkeys([*agents, *rules])))}
    agent = items.get(agents[0].sk)
    if agent is None or agent["status"] != _ACTIVE:
        return Reason.AGENT_INACTIVE
    return compliance.reason_by(call, *(items.get(key.sk) for key in rules))
