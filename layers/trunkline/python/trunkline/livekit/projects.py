"""Credentials of LiveKit projects: the deployment's, and those of tenants with one of their own."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from trunkline.calls.models import Call
from trunkline.core import aws_clients
from trunkline.core.clock import Clock
from trunkline.core.errors import LiveKitNotConfigured
from trunkline.egress.address_policy import AddressPolicy
from trunkline.livekit.credentials import LiveKitCredentials, LiveKitSecret, SecretsReader
from trunkline.storage.keys.item import SK
from trunkline.storage.keys.tenants import livekit_issuer_key, own_livekit_key
from trunkline.storage.table import Table
from trunkline.trunks.models import Trunk
from trunkline.trunks.repository import TrunkRepository

_CACHE_MS = 60_000
_REFUSED_CACHE_MS = 5_000
"""Credentials that did not verify a signature are read again, but no more often than this, however many wrong
signatures arrive."""

_MAX_SIGNERS = 20
_ISSUER = re.compile(r"[A-Za-z0-9_-]{1,100}")

SIMULATED_CREDENTIALS = LiveKitCredentials("wss://test.livekit.invalid", "APItest", secrets.token_hex(32))
"""Sign the tokens of test calls: they have the right form, and no server knows the secret."""


class _Settings(Protocol):
    """The settings that name the deployment's project."""

    @property
    def livekit_secret_arn(self) -> str: ...
    @property
    def outgoing_loopback_ports(self) -> str: ...


@dataclass(frozen=True)
class _CachedCredentials:
    credentials: LiveKitCredentials | None
    read_at_ms: int


class ProjectRegistry:
    """Finds credentials; it caches them for a minute, so a change takes effect within a minute."""

    def __init__(self, table: Table, deployment: LiveKitSecret, reader: SecretsReader, clock: Clock) -> None:
        self._table = table
        self._deployment = deployment
        self._reader = reader
        self._clock = clock
        self._trunks = TrunkRepository(table)
        self._cache: dict[str, _CachedCredentials] = {}
        self._trunk_owners: dict[str, str | None] = {}

    @classmethod
    def open(cls, table: Table, settings: _Settings, clock: Clock) -> ProjectRegistry:
        """Build the registry that a function's settings name."""
        secrets_client = aws_clients.client("secretsmanager")
        address_policy = AddressPolicy.parse(settings.outgoing_loopback_ports)
        deployment = LiveKitSecret(secrets_client, settings.livekit_secret_arn, clock)
        return cls(table, deployment, SecretsReader(secrets_client, address_policy), clock)

    def owner_for_tenant(self, tenant_id: str) -> str | None:
        """Return the tenant's id if it has a project of its own; None: its web calls use the deployment's."""
        return tenant_id if self._tenant_credentials(tenant_id) else None

    def for_tenant(self, tenant_id: str | None) -> LiveKitCredentials:
        """Return the tenant's own project, or the deployment's if it has none or `tenant_id` is None.

        Raises:
            LiveKitNotConfigured: neither exists.
        """
        own = self._tenant_credentials(tenant_id) if tenant_id else None
        return own or self._deployment.read()

    def for_owner(self, tenant_id: str | None) -> LiveKitCredentials:
        """Return the tenant's own project; for None, the deployment's.

        Raises:
            LiveKitNotConfigured: it was removed; no other project stands in for it.
        """
        own = self._tenant_credentials(tenant_id) if tenant_id else self._deployment.read()
        if own is None:
            raise LiveKitNotConfigured
        return own

    def for_trunk(self, trunk: Trunk | None) -> LiveKitCredentials:
        """Return the project of a trunk; raises as `for_owner` does."""
        return self.for_owner(trunk.livekit_tenant_id if trunk else None)

    def for_call(self, call: Call) -> LiveKitCredentials:
        """Return the project of a call's room; raises as `for_owner` does."""
        return self.for_owner(self.owner_of_call(call)) if call.livemode else SIMULATED_CREDENTIALS

    def owner_of_call(self, call: Call) -> str | None:
        """Return the owner of the project of a call's room: a phone call uses its trunk's project."""
        if not call.trunk_id:
            return call.livekit_tenant_id
        if call.trunk_id not in self._trunk_owners:
            trunk = self._trunks.load(call.trunk_id)
            self._trunk_owners[call.trunk_id] = trunk.livekit_tenant_id if trunk else None
        return self._trunk_owners[call.trunk_id]

    def owns(self, tenant_id: str, call: Call | None) -> bool:
        """Return whether a call's room is in the tenant's own project, which reports on no other calls."""
        return call is not None and call.livemode and self.owner_of_call(call) == tenant_id == call.tenant_id

    def signers(self, issuer: str) -> Iterator[LiveKitCredentials]:
        """Yield every project that claims this API key; only its secret proves that it signed something.

        The deployment's comes first, because it needs no read of the table. Whoever goes on after the last
        one has found no signer: then credentials that have changed since they were cached are yielded, too.
        """
        tried: list[LiveKitCredentials] = []
        claimants: list[str] | None = None
        deployment = self._deployment.read_or_none()
        for max_age_ms in (_CACHE_MS, _REFUSED_CACHE_MS):
            # "Not configured" was read just now: it is not cached.
            deployment = deployment and self._deployment.read_or_none(max_age_ms)
            if deployment and deployment.api_key == issuer and deployment not in tried:
                tried.append(deployment)
                yield deployment
            claimants = self._claimants(issuer) if claimants is None else claimants
            for tenant_id in claimants:
                own = self._tenant_credentials(tenant_id, max_age_ms)
                if own and own.api_key == issuer and own not in tried:
                    tried.append(own)
                    yield own

    def _claimants(self, issuer: str) -> list[str]:
        """List the tenants that claim an API key; anyone may."""
        if not _ISSUER.fullmatch(issuer):
            return []
        return [item[SK] for item in self._table.partition(livekit_issuer_key(issuer), limit=_MAX_SIGNERS)]

    def forget(self, tenant_id: str | None) -> None:
        """Drop a tenant's project from the cache; for None, the deployment's."""
        if tenant_id is None:
            self._deployment.forget()
        else:
            self._cache.pop(tenant_id, None)

    def _tenant_credentials(self, tenant_id: str, max_age_ms: int = _CACHE_MS) -> LiveKitCredentials | None:
        cached, now_ms = self._cache.get(tenant_id), self._clock.wall_ms()
        if cached and now_ms - cached.read_at_ms < max_age_ms:
            return cached.credentials
        item = self._table.get(own_livekit_key(tenant_id))
        credentials = self._read(tenant_id, item) if item else None
        self._cache[tenant_id] = _CachedCredentials(credentials, now_ms)
        return credentials

    def _read(self, tenant_id: str, item: dict[str, Any]) -> LiveKitCredentials:
        return self._reader.read(item["secret_arn"], tenant_id)
