"""The tenants of a chaos run: three with a healthy endpoint, and one that is hostile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from jsonschema import ValidationError

from local.stack import Stack
from local.webhook_receiver import ReceivedRequest, Receiver, Reply, receiver
from tests.faults.history import TrunkLimits
from tests.support import http
from tests.support.openapi import check_against_openapi
from tests.support.own_livekit import OwnLiveKit, create_sip_trunk, own_livekit
from tests.support.tenant import ALL_SCOPES, Tenant, client_of
from tests.support.webhooks import create_webhook
from tests.support.workflows import create_workflow
from trunkline.agents.schemas import AgentSpec
from trunkline.trunks.models import Trunk
from trunkline.trunks.schemas import TrunkSpec

HOSTILE = "mallory"
_NUMBERS = ["+15550109001", "+15550109002"]
_MAX_ATTEMPTS = 2
"""Deliveries are tried at once and after 5 s, so that they end while the run settles."""

_REQUEST_TIMEOUT_S = 30
SHARED = TrunkLimits(cps=5, max_concurrent_calls=4)
ALONE = TrunkLimits(cps=2)
OWN = TrunkLimits(cps=5)


@dataclass(frozen=True)
class World:
    """Tenants by name, the webhook of each, the endpoints, and the limits of each SIP trunk."""

    stack: Stack
    tenants: dict[str, Tenant]
    webhooks: dict[str, dict[str, Any]]
    endpoint: Receiver
    own: OwnLiveKit
    limits: dict[str, TrunkLimits]
    canaries: dict[str, str]

    def healthy(self) -> dict[str, Tenant]:
        """Return the tenants whose endpoint responds as it should."""
        return {name: tenant for name, tenant in self.tenants.items() if name != HOSTILE}


@contextmanager
def make_world(stack: Stack, folder: Path, seed: int) -> Iterator[World]:
    """Create tenants, trunks, agents, workflows and webhooks."""
    words = ("token", "pin", "name", "header")
    canaries = {word: f"canary-{word}-{seed:04x}-{time.time_ns():x}" for word in words}
    with ExitStack() as resources:
        endpoint, hostile_endpoint = (resources.enter_context(receiver()) for _ in range(2))
        hostile_endpoint.respond = Hostile()
        own = resources.enter_context(own_livekit(stack.config.api_url, folder))
        world = World(stack, {}, {}, endpoint, own, {}, canaries)
        shared = _create_trunk(world, ["alpha", "beta"], SHARED)
        for name in ("alpha", "beta"):
            _create_tenant(world, name, shared, endpoint)
        _create_tenant(world, "gamma", _create_trunk(world, ["gamma"], ALONE), endpoint)
        _create_hostile(world, hostile_endpoint)
        for tenant in world.tenants.values():
            resources.callback(tenant.api.close)
        yield world


def _create_trunk(world: World, names: list[str], limits: TrunkLimits, own: bool = False) -> Trunk:
    operator = world.stack.operator()
    livekit = (world.own.url, world.own.key, world.own.secret) if own else world.stack.config.livekit
    sip_trunk_id = asyncio.run(create_sip_trunk(livekit, names[0], _NUMBERS))
    world.limits[sip_trunk_id] = limits
    if not own:
        for name in names:
            operator.tenants.create(name)
    spec = TrunkSpec(
        name="main",
        sip_trunk_id=sip_trunk_id,
        cps=limits.cps,
        numbers=_NUMBERS,
        max_concurrent_calls=limits.max_concurrent_calls,
        own_livekit=own,
    )
    return operator.create_trunk(spec, names)


def _create_tenant(world: World, name: str, trunk: Trunk, endpoint: Receiver) -> Tenant:
    operator = world.stack.operator()
    agent = AgentSpec(
        name="Ada", livekit_agent_name="demo-agent", trunk="main", ring_timeout_s=10, max_call_duration_s=20
    )
    key = operator.create_key(name, "chaos", ALL_SCOPES, livemode=True, requests_per_minute=100_000)
    made = Tenant(
        operator.tenant_id(name),
        key,
        trunk,
        operator.create_agent(name, agent),
        _client_of(world.stack, key),
        world.stack,
    )
    create_workflow(made, "flow", channel="phone", secret_keys=["pin"])
    world.tenants[name] = made
    headers = {"X-Token": world.canaries["header"]}
    world.webhooks[name] = create_webhook(
        made, endpoint.url(f"/{name}"), headers=headers, max_attempts=_MAX_ATTEMPTS
    )
    return made


def _client_of(stack: Stack, key: str) -> httpx.Client:
    """Make a client that checks answers by the document, but for those of a broken server or gateway."""

    def check(response: httpx.Response) -> None:
        if not response.is_server_error:
            try:
                check_against_openapi(response)
            except (KeyError, ValidationError) as error:
                raise AssertionError(f"{response.status_code} is not as documented: {error}") from error

    client = client_of(stack, key)
    client.event_hooks = {"response": [check]}
    client.timeout = httpx.Timeout(_REQUEST_TIMEOUT_S)
    return client


def _create_hostile(world: World, endpoint: Receiver) -> None:
    """A tenant whose own LiveKit hangs on dials and look-ups, and removes nobody."""
    operator, own = world.stack.operator(), world.own
    operator.tenants.create(HOSTILE)
    key = operator.create_key(HOSTILE, "livekit", ALL_SCOPES, livemode=True)
    with client_of(world.stack, key) as api:
        api.put("/api/v1/livekit", json=own.wish()).raise_for_status()
    _create_tenant(world, HOSTILE, _create_trunk(world, [HOSTILE], OWN, own=True), endpoint)
    for method, how in (
        ("SIP/CreateSIPParticipant", "hang_after"),
        ("RoomService/GetParticipant", "hang_after"),
        ("RoomService/RemoveParticipant", "error_before"),
    ):
        body = {"method": method, "how": how, "times": 1_000_000}
        http.put(f"{own.url}/_control/faults", json=body).raise_for_status()


class Hostile:
    """An endpoint that never does the right thing: it is slow, redirects, errs, or sends a megabyte."""

    def __init__(self) -> None:
        self._count = 0

    def __call__(self, _: ReceivedRequest) -> Reply:
        self._count += 1
        replies: list[Reply] = [
            500,
            (302, {"Location": "http://169.254.169.254/"}),
            (200, {}, b"x" * 1_000_000),
            (503, {"Retry-After": "999999999"}),
        ]
        if self._count % 5 == 0:
            time.sleep(8)
        return replies[self._count % len(replies)]
