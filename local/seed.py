"""Demo data of the local stack: a tenant with API keys, a trunk, an agent and workflows."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from livekit.api import LiveKitAPI, ServerError
from livekit.protocol.sip import (
    CreateSIPOutboundTrunkRequest,
    ListSIPOutboundTrunkRequest,
    SIPOutboundTrunkInfo,
)
from trunkline_cli.declaration import ApplyOptions, apply_declaration
from trunkline_cli.operator import Operator, open_operator

from local.config import DEMO_SIP_CPS, StackConfig
from local.processes import CannotStart
from trunkline.auth.scopes import Scope

DEMO_NUMBERS = ("+15550109001", "+15550109002")
DEMO_AGENT = "demo-agent"
DEMO_WEB, DEMO_PHONE = "demo-web", "demo-phone"


@dataclass(frozen=True)
class Seed:
    """The ids and keys of the demo tenant; a stack without SIP has no trunk and no phone workflow."""

    tenant_id: str
    live_key: str
    test_key: str
    agent_id: str
    trunk_id: str
    sip_trunk_id: str
    trunk_cps: int
    workflow_slug: str
    phone_workflow_slug: str


def seed(config: StackConfig, outputs: Mapping[str, str]) -> Seed:
    """Configure LiveKit, create its SIP trunk if needed, and create the demo tenant.

    Raises:
        CannotStart: LiveKit cannot be reached, or has no SIP trunk.
    """
    url, api_key, api_secret = config.livekit
    os.environ.update(config.aws_environment())
    operator = open_operator(outputs)
    operator.set_livekit(url, api_key, api_secret)
    sip_trunk_id, numbers = ("", []) if config.web_only else asyncio.run(_sip_trunk(config))
    ids = _create_tenant(operator, sip_trunk_id, numbers)
    scopes = [Scope.ADMIN.value]
    key = operator.create_key("demo", "demo", scopes, livemode=True)
    test_key = operator.create_key("demo", "demo test", scopes, livemode=False)
    return Seed(
        tenant_id=ids["tenant"],
        live_key=key,
        test_key=test_key,
        agent_id=ids["agent"],
        trunk_id=ids.get("trunk", ""),
        sip_trunk_id=sip_trunk_id,
        trunk_cps=DEMO_SIP_CPS,
        workflow_slug=DEMO_WEB,
        phone_workflow_slug="" if config.web_only else DEMO_PHONE,
    )


def _create_tenant(operator: Operator, sip_trunk_id: str, numbers: list[str]) -> dict[str, str]:
    agent = {"name": "Demo Agent", "livekit_agent_name": DEMO_AGENT}
    web = {"slug": DEMO_WEB, "channel": "web", "entry_agent": "Demo Agent"}
    declared: dict[str, Any] = {"tenant": "demo", "agents": [agent], "workflows": [web]}
    if sip_trunk_id:
        trunk = {"name": "demo-trunk", "sip_trunk_id": sip_trunk_id, "cps": DEMO_SIP_CPS, "numbers": numbers}
        phone = {"slug": DEMO_PHONE, "channel": "phone", "entry_agent": "Demo Agent"}
        declared |= {"trunks": [trunk], "agents": [agent | {"trunk": "demo-trunk"}]}
        declared["workflows"] = [web, phone]
    on_purpose = ApplyOptions(create_tenant=True)
    return {result.kind: result.id for result in apply_declaration(operator, declared, on_purpose)}


async def _sip_trunk(config: StackConfig) -> tuple[str, list[str]]:
    """Return the id and numbers of a SIP outbound trunk.

    The stand-in gets a new one. A real LiveKit must have one, because only its owner knows the carrier.
    """
    try:
        async with LiveKitAPI(*config.livekit, failover=False) as livekit:
            if config.real_livekit is None:
                info = SIPOutboundTrunkInfo(name="demo", address="carrier.test", numbers=DEMO_NUMBERS)
                request = CreateSIPOutboundTrunkRequest(trunk=info)
                return (await livekit.sip.create_outbound_trunk(request)).sip_trunk_id, list(DEMO_NUMBERS)
            trunks = (await livekit.sip.list_outbound_trunk(ListSIPOutboundTrunkRequest())).items
    except aiohttp.ClientError as error:
        raise CannotStart(f"LiveKit at {config.livekit[0]} cannot be reached: {error}") from error
    except ServerError as error:
        raise CannotStart(
            f"LiveKit at {config.livekit[0]} rejected the request: "
            f"{error.status} {error.code}: {error.message}\n"
            "Check LIVEKIT_API_KEY and LIVEKIT_API_SECRET, and that SIP is enabled in the project."
        ) from error
    if not trunks:
        raise CannotStart("the LiveKit project has no SIP outbound trunk; create one there first")
    return trunks[0].sip_trunk_id, list(trunks[0].numbers)
