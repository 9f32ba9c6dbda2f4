"""Agents beyond the one that each tenant has."""

from __future__ import annotations

from trunkline_cli.operator import Operator

from trunkline.agents.models import Agent
from trunkline.agents.schemas import AgentSpec
from trunkline.trunks.models import Trunk


def agent_on(operator: Operator, tenant_id: str, trunk: Trunk) -> Agent:
    """Make the tenant an agent that calls through this trunk."""
    spec = AgentSpec(name="Bea", livekit_agent_name="demo-agent", trunk=trunk.id)
    return operator.create_agent(tenant_id, spec)
