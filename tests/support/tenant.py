"""A tenant of the deployed stack, as its own code would use the API: places calls and waits for them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from local.stack import Stack
from tests.support import http
from tests.support.openapi import check_against_openapi
from tests.support.polling import GIVES_UP_AFTER_S, poll
from trunkline.agents.models import Agent
from trunkline.auth.scopes import Scope
from trunkline.trunks.models import Trunk

ALL_SCOPES = [scope.value for scope in Scope]
ENDED = {"completed", "failed", "cancelled"}


def client_of(stack: Stack, key: str) -> httpx.Client:
    """A client whose answers are checked against the OpenAPI document."""
    return httpx.Client(
        verify=http.TLS,
        base_url=stack.config.api_url,
        headers={"x-api-key": key},
        timeout=GIVES_UP_AFTER_S,
        event_hooks={"response": [check_against_openapi]},
    )


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

    def wait(self, call_id: str, until: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Poll until the call is as wanted; what it was last is in the error."""
        return poll(lambda: self.call(call_id), until)

    def wait_for_end(self, call_id: str) -> dict[str, Any]:
        return self.wait(call_id, lambda call: call["data"]["status"] in ENDED)

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
        sip_trunk_id = self.trunk.sip_trunk_id
        with self.stack.config.invite_log.open() as lines:
            mine = [json.loads(line) for line in lines if sip_trunk_id in line]
        return [line for line in mine if line["trunk_id"] == sip_trunk_id]

    def create_key(self, *scopes: str, livemode: bool = True, **bounds: Any) -> str:
        """Make a key of this tenant with these rights alone; with every right if none is named."""
        wanted = list(scopes) or [Scope.ADMIN.value]
        name = f"key-{uuid.uuid4()}"
        return self.stack.operator().create_key(self.id, name, wanted, livemode=livemode, **bounds)

    def client(self, *scopes: str, livemode: bool = True, **bounds: Any) -> httpx.Client:
        """A client with such a key of this tenant."""
        return client_of(self.stack, self.create_key(*scopes, livemode=livemode, **bounds))
