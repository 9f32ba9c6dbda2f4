"""One deployed local stack for the whole run, and a tenant of its own for each test that wants one."""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx
import jsonschema
import pytest
from livekit.api import LiveKitAPI
from livekit.protocol.sip import CreateSIPOutboundTrunkRequest, SIPOutboundTrunkInfo

from local.config import for_tests
from local.openapi.document import document
from local.stack import Stack, local_stack
from trunkline.agents.models import Agent
from trunkline.agents.schemas import AgentSpec
from trunkline.auth.scopes import Scope
from trunkline.trunks.models import Trunk
from trunkline.trunks.schemas import TrunkSpec

ALL_SCOPES = [scope.value for scope in Scope]
ENDED = {"completed", "failed", "cancelled"}


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Every test runs with the emulator's IAM evaluator on: functions can do what their roles say."""
    with local_stack(for_tests("test-stack", checks_iam=True), lambda _: None) as up:
        yield up


@cache
def promised() -> dict[str, Any]:
    return document()


@cache
def validator(path: str, method: str, status: str) -> Any:
    """Checks the answers of one route with one status."""
    answer = promised()["paths"][path][method]["responses"][status]
    schema = answer["content"]["application/json"]["schema"]
    whole = schema | {"components": promised()["components"]}
    return jsonschema.Draft202012Validator(whole)


def check_against_openapi(response: httpx.Response) -> None:
    """Every answer a test sees must be one that the OpenAPI document promises."""
    method = response.request.method.lower()
    named = response.request.url.path
    paths = [path for path in promised()["paths"] if re.fullmatch(re.sub(r"{\w+}", "[^/]+", path), named)]
    # `/calls/outbound` is a path of its own, though `/calls/{call_id}` fits it, too.
    for path in sorted(paths, key=lambda path: path.count("{")):
        if method in promised()["paths"][path]:
            response.read()
            validator(path, method, str(response.status_code)).validate(response.json())
            return


@dataclass
class Tenant:
    """A tenant with a key, a trunk of its own and a voice agent."""

    id: str
    key: str
    trunk: Trunk
    agent: Agent
    api: httpx.Client
    stack: Stack

    def place(self, phone_number: str = "+15550100001", **more: Any) -> httpx.Response:
        body = {"agentId": self.agent.id, "phoneNumber": phone_number} | more
        return self.api.post("/api/v1/calls/outbound", json=body)

    def placed(self, phone_number: str = "+15550100001", **more: Any) -> str:
        answer = self.place(phone_number, **more)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["data"]["id"])

    def cancel(self, call_id: str) -> dict[str, Any]:
        answer = self.api.post(f"/api/v1/calls/{call_id}/cancel")
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def call(self, call_id: str) -> dict[str, Any]:
        answer = self.api.get(f"/api/v1/calls/{call_id}")
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def wait(
        self, call_id: str, until: Callable[[dict[str, Any]], bool], timeout_s: float = 60
    ) -> dict[str, Any]:
        """Poll until the call is as wanted."""
        deadline_s = time.monotonic() + timeout_s
        while True:
            call = self.call(call_id)
            if until(call):
                return call
            assert time.monotonic() < deadline_s, f"not in {timeout_s} s: {json.dumps(call, indent=2)}"
            time.sleep(0.1)

    def wait_for_end(self, call_id: str, timeout_s: float = 60) -> dict[str, Any]:
        return self.wait(call_id, lambda call: call["data"]["status"] in ENDED, timeout_s)

    def my_trunk(self) -> dict[str, Any]:
        answer = self.api.get(f"/api/v1/trunks/{self.trunk.id}")
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def change_trunk(self, **change: Any) -> dict[str, Any]:
        answer = self.api.patch(f"/api/v1/trunks/{self.trunk.id}", json=change)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def invites(self) -> list[dict[str, Any]]:
        """What the carrier saw on this tenant's trunk: the oracle."""
        lines = self.stack.config.invite_log.read_text().splitlines()
        mine = [json.loads(line) for line in lines]
        return [line for line in mine if line["trunk_id"] == self.trunk.sip_trunk_id]


MakeTenant = Callable[..., Tenant]


@pytest.fixture
async def make_tenant(stack: Stack) -> Any:
    """Make tenants: `await make_tenant(cps=…, agent={…}, numbers=[…])`."""
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
        numbers = numbers or ["+15550109001", "+15550109002"]
        async with LiveKitAPI(*stack.config.livekit) as livekit:
            info = SIPOutboundTrunkInfo(name=name, address="carrier.test", numbers=numbers)
            request = CreateSIPOutboundTrunkRequest(trunk=info)
            sip_trunk_id = (await livekit.sip.create_outbound_trunk(request)).sip_trunk_id
        spec = TrunkSpec(name="main", sip_trunk_id=sip_trunk_id, cps=cps, numbers=numbers, **(trunk or {}))
        made_trunk = operator.create_trunk(spec, [name])
        values = {"name": "Ada", "livekit_agent_name": "ada", "trunk": "main"} | (agent or {})
        made = operator.create_agent(name, AgentSpec.model_validate(values))
        # A test that polls for a minute is no client out of control.
        bounds = {"requests_per_minute": 100_000}
        key = operator.create_key(name, "tests", ALL_SCOPES, livemode=True, **bounds)
        api = httpx.Client(
            base_url=stack.config.api_url,
            headers={"x-api-key": key},
            timeout=30,
            event_hooks={"response": [check_against_openapi]},
        )
        clients.append(api)
        return Tenant(tenant_id, key, made_trunk, made, api, stack)

    yield make
    for client in clients:
        client.close()


@pytest.fixture
async def tenant(make_tenant: Any) -> Tenant:
    made: Tenant = await make_tenant()
    return made


@pytest.fixture
def control(stack: Stack) -> Iterator[Callable[..., None]]:
    """Tell the stand-in how to behave; `control("agents/x", joins_after_s=None)`."""

    def tell(path: str, **body: Any) -> None:
        answer = httpx.put(f"{stack.config.livekit[0]}/_control/{path}", json=body)
        answer.raise_for_status()

    yield tell
    tell("webhooks", urls=[f"{stack.config.api_url}/livekit/webhook"])
