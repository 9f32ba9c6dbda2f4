"""Test trunks: one per tenant, created on first use, with a lane of its own in the same dial queue."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass, field

from trunkline.core.errors import AlreadyExists
from trunkline.trunks.models import TEST_TRUNK_PREFIX, Trunk
from trunkline.trunks.repository import TrunkRepository

NUMBERS = ("+15550109001", "+15550109002")
CPS = 10
_PROJECT = "test"


def make_test_trunk(tenant_id: str) -> Trunk:
    """Build a tenant's test trunk."""
    digest = hashlib.sha256(f"{_PROJECT}\n{tenant_id}".encode()).hexdigest()
    return Trunk(
        id=f"{TEST_TRUNK_PREFIX}{digest[:24]}",
        name="test",
        livekit_project=_PROJECT,
        sip_trunk_id="ST_test",
        cps=CPS,
        numbers=NUMBERS,
        test=True,
    )


@dataclass(frozen=True)
class TestTrunks:
    """Creates tenants' test trunks on demand."""

    trunks: TrunkRepository
    _known: set[str] = field(default_factory=set)

    def get_or_create(self, tenant_id: str) -> Trunk:
        """Return the tenant's test trunk; create it if it does not exist."""
        trunk = make_test_trunk(tenant_id)
        if tenant_id not in self._known:
            if not self.trunks.is_granted(tenant_id, trunk.id):
                self._create(trunk, tenant_id)
            self._known.add(tenant_id)
        return trunk

    def _create(self, trunk: Trunk, tenant_id: str) -> None:
        # Another request may have created it, or failed between the two writes: granting twice is harmless.
        with suppress(AlreadyExists):
            self.trunks.create(trunk)
        self.trunks.grant(trunk.id, tenant_id)
