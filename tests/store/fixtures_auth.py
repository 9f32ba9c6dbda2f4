"""What tests of keys stand on: the desk, the gate and the sessions, at one table."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.clocks import ManualClock
from trunkline.table import Table
from trunkline.tenants.facts import TenantFacts
from trunkline.tenants.gatekeeper import Gatekeeper, Proof
from trunkline.tenants.key_desk import ApiKeyDesk
from trunkline.tenants.key_specs import KeySpec
from trunkline.tenants.key_store import ApiKeyStore
from trunkline.tenants.keys import Actor, Principal
from trunkline.tenants.sessions import SessionStore
from trunkline.validation import validated

PEPPER = "pepper"
OPERATOR = Principal("tenant-1", True, frozenset(), actor=Actor("operator", name="ops"))


class AuthHarness:
    def __init__(self, table: Table) -> None:
        self.table, self.clock = table, ManualClock()
        self.keys = ApiKeyStore(table)
        self.facts = TenantFacts(table, self.clock)
        self.desk = ApiKeyDesk(self.keys, self.facts, PEPPER, self.clock)
        self.sessions = SessionStore(table, PEPPER, self.clock)
        self.gate = Gatekeeper(self.keys, self.sessions, PEPPER, self.clock)

    def made(self, by: Principal = OPERATOR, **fields: Any) -> dict[str, Any]:
        wish = {"name": "ci", "scopes": ["admin"]} | fields
        return dict(self.desk.create(by, validated(KeySpec, wish)))

    def enter(self, key: str, address: str = "192.0.2.1", method: str = "GET") -> Principal:
        return self.gate.admit(Proof(method, address, "req-1", key=key)).principal

    def with_session(self, token: str, **more: Any) -> Principal:
        values = {"method": "GET", "address": "192.0.2.1", "request_id": "r"} | more
        return self.gate.admit(Proof(session=token, **values)).principal

    def login(self, key: str, life_s: int = 3600) -> str:
        admitted = self.gate.admit(Proof("POST", "192.0.2.1", "r", key=key))
        return self.sessions.open(admitted.principal, admitted.key_hash, life_s)[0]


@pytest.fixture
def auth(table: Table) -> AuthHarness:
    return AuthHarness(table)
