"""API keys, sessions and their authenticator on one table."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.clocks import ManualClock
from trunkline.auth.api_key_repository import ApiKeyRepository
from trunkline.auth.api_key_schemas import KeySpec
from trunkline.auth.api_key_service import ApiKeyService
from trunkline.auth.authenticator import Authenticator, Credentials
from trunkline.auth.principal import Actor, Principal
from trunkline.auth.sessions import SessionRepository
from trunkline.core.validation import validated
from trunkline.storage.table import Table
from trunkline.tenants.settings import TenantSettingsCache

PEPPER = "pepper"
OPERATOR = Principal("tenant-1", True, frozenset(), actor=Actor("operator", name="ops"))


class AuthHarness:
    def __init__(self, table: Table) -> None:
        self.table, self.clock = table, ManualClock()
        self.keys = ApiKeyRepository(table)
        self.facts = TenantSettingsCache(table, self.clock)
        self.service = ApiKeyService(self.keys, self.facts, PEPPER, self.clock)
        self.sessions = SessionRepository(table, PEPPER, self.clock)
        self.authenticator = Authenticator(self.keys, self.sessions, PEPPER, self.clock)

    def made(self, by: Principal = OPERATOR, **fields: Any) -> dict[str, Any]:
        wish = {"name": "ci", "scopes": ["admin"]} | fields
        return dict(self.service.create(by, validated(KeySpec, wish)))

    def enter(self, key: str, address: str = "192.0.2.1", method: str = "GET") -> Principal:
        return self.authenticator.authenticate(Credentials(method, address, "req-1", key=key)).principal

    def with_session(self, token: str, **more: Any) -> Principal:
        values = {"method": "GET", "address": "192.0.2.1", "request_id": "r"} | more
        return self.authenticator.authenticate(Credentials(session=token, **values)).principal

    def login(self, key: str, life_s: int = 3600) -> str:
        admitted = self.authenticator.authenticate(Credentials("POST", "192.0.2.1", "r", key=key))
        return self.sessions.open(admitted.principal, admitted.key_hash, life_s)[0]


@pytest.fixture
def auth(table: Table) -> AuthHarness:
    return AuthHarness(table)
