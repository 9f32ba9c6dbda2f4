"""Which LiveKit project is whose: the deployment's, or one that a tenant brought."""

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
_MAX_SIGNERS = 20
_ISSUER = re.compile(r"[A-Za-z0-9_-]{1,100}")

SIMULATED_CREDENTIALS = LiveKitCredentials("wss://test.livekit.invalid", "APItest", secrets.token_hex(32))
"""What test calls' tokens are signed with: they have the right form, and no server knows the secret."""


class _Settings(Protocol):
    """What a function's settings say of LiveKit."""

    @property
    def livekit_secret_arn(self) -> str: ...
    @property
    def outgoing_loopback_ports(self) -> str: ...


@dataclass(frozen=True)
class _CachedCredentials:
    credentials: LiveKitCredentials | None
    read_at_ms: int


class ProjectRegistry:
    """Finds credentials; what was read is good for a minute, so a change counts within one."""

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
        """The projects of a deployment, as a function's settings name it."""
        secrets_client = aws_clients.client("secretsmanager")
        address_policy = AddressPolicy.parse(settings.outgoing_loopback_ports)
        deployment = LiveKitSecret(secrets_client, settings.livekit_secret_arn, clock)
        return cls(table, deployment, SecretsReader(secrets_client, address_policy), clock)

    def owner_for_tenant(self, tenant_id: str) -> str | None:
        """The tenant itself, if it brought a project; None: its web calls are the deployment's."""
        return tenant_id if self._tenant_credentials(tenant_id) else None

    def for_tenant(self, tenant_id: str | None) -> LiveKitCredentials:
        """A tenant's own project, or the deployment's where it has none, or for None.

        Raises:
            LiveKitNotConfigured: there is neither.
        """
        own = self._tenant_credentials(tenant_id) if tenant_id else None
        return own or self._deployment.read()

    def for_owner(self, tenant_id: str | None) -> LiveKitCredentials:
        """The project of that tenant's own; None: the deployment's.

        Raises:
            LiveKitNotConfigured: it was taken away; what is of it is asked of no other.
        """
        own = self._tenant_credentials(tenant_id) if tenant_id else self._deployment.read()
        if own is None:
            raise LiveKitNotConfigured
        return own

    def for_trunk(self, trunk: Trunk | None) -> LiveKitCredentials:
        """The project a trunk belongs to; raises as `of_owner` does."""
        return self.for_owner(trunk.livekit_tenant_id if trunk else None)

    def for_call(self, call: Call) -> LiveKitCredentials:
        """The project a call's room is in; raises as `of_owner` does."""
        return self.for_owner(self.owner_of_call(call)) if call.livemode else SIMULATED_CREDENTIALS

    def owner_of_call(self, call: Call) -> str | None:
        """Whose project a call's room is in: a phone call's is its trunk's."""
        if not call.trunk_id:
            return call.livekit_tenant_id
        if call.trunk_id not in self._trunk_owners:
            trunk = self._trunks.load(call.trunk_id)
            self._trunk_owners[call.trunk_id] = trunk.livekit_tenant_id if trunk else None
        return self._trunk_owners[call.trunk_id]

    def owns(self, tenant_id: str, call: Call | None) -> bool:
        """Say whether a call's room is in a tenant's own project: what it signs is true of those alone."""
        return call is not None and call.livemode and self.owner_of_call(call) == tenant_id == call.tenant_id

    def signers(self, issuer: str) -> Iterator[LiveKitCredentials]:
        """Every project that says that it signs with this API key; only a secret proves it.

        The deployment's comes first: what it signed costs no read.
        """
        deployment = self._deployment.read_or_none()
        if deployment and deployment.api_key == issuer:
            yield deployment
        if not _ISSUER.fullmatch(issuer):
            return
        for item in self._table.partition(livekit_issuer_key(issuer), limit=_MAX_SIGNERS):
            own = self._tenant_credentials(item[SK])
            if own and own.api_key == issuer:
                yield own

    def forget(self, tenant_id: str) -> None:
        """Read a tenant's project anew at its next use."""
        self._cache.pop(tenant_id, None)

    def _tenant_credentials(self, tenant_id: str) -> LiveKitCredentials | None:
        cached, now_ms = self._cache.get(tenant_id), self._clock.wall_ms()
        if cached and now_ms - cached.read_at_ms < _CACHE_MS:
            return cached.credentials
        item = self._table.get(own_livekit_key(tenant_id))
        credentials = self._read(tenant_id, item) if item else None
        self._cache[tenant_id] = _CachedCredentials(credentials, now_ms)
        return credentials

    def _read(self, tenant_id: str, item: dict[str, Any]) -> LiveKitCredentials:
        return self._reader.read(item["secret_arn"], tenant_id)
