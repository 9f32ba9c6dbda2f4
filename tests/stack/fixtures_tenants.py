"""A tenant of its own for each test that wants one, with a trunk, numbers and an agent."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from local.stack import Stack
from tests.support.failure_report import note_tenant
from tests.support.own_livekit import create_sip_trunk
from tests.support.tenant import ALL_SCOPES, Tenant, client_of
from trunkline.agents.schemas import AgentSpec
from trunkline.trunks.schemas import TrunkSpec

MakeTenant = Callable[..., Awaitable[Tenant]]
_NUMBERS = ["+15550109001", "+15550109002"]


@pytest.fixture
async def make_tenant(stack: Stack, request: pytest.FixtureRequest) -> AsyncIterator[MakeTenant]:
    """Make tenants: `await make_tenant(cps=…, agent={…}, trunk={…}, numbers=[…])`."""
    clients: list[httpx.Client] = []

    async def make(
        *,
        cps: float = 50,
        numbers: list[str] | None = None,
        agent: dict[str, Any] | None = None,
        trunk: dict[str, Any] | None = None,
    ) -> Tenant:
        name = f"tenant-{uuid.uuid4()}"
        operator = stack.operator()
        tenant_id = operator.tenants.create(name)
        numbers = numbers or _NUMBERS
        sip_trunk_id = await create_sip_trunk(stack.config.livekit, name, numbers)
        spec = TrunkSpec(name="main", sip_trunk_id=sip_trunk_id, cps=cps, numbers=numbers, **(trunk or {}))
        made_trunk = operator.create_trunk(spec, [name])
        values = {"name": "Ada", "livekit_agent_name": "ada", "trunk": "main"} | (agent or {})
        made_agent = operator.create_agent(name, AgentSpec.model_validate(values))
        # A test that polls for a minute is no client out of control.
        key = operator.create_key(name, "tests", ALL_SCOPES, livemode=True, requests_per_minute=100_000)
        clients.append(client_of(stack, key))
        made = Tenant(tenant_id, key, made_trunk, made_agent, clients[-1], stack)
        note_tenant(request.node, made)
        return made

    yield make
    for client in clients:
        client.close()


@pytest.fixture
async def tenant(make_tenant: MakeTenant) -> Tenant:
    """A tenant with the usual trunk and agent."""
    return await make_tenant()


@pytest.fixture
def test_mode_client(tenant: Tenant) -> Iterator[httpx.Client]:
    """A client with a test key of the tenant: its calls are simulated."""
    with tenant.client(livemode=False) as api:
        yield api


@pytest.fixture
def test_mode(tenant: Tenant, test_mode_client: httpx.Client) -> Tenant:
    """The tenant as it is with a test key."""
    return replace(tenant, api=test_mode_client)
