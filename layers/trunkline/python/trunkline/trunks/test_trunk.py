"""Test trunks: one a tenant, made when it is first needed; the same dial queue paces it, on its own lane."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass, field

from trunkline.core.errors import AlreadyExists
from trunkline.trunks.models import TEST_TRUNK, Trunk
from trunkline.trunks.repository import TrunkRepository

NUMBERS = ("+15550109001", "+15550109002")
CPS = 10
_PROJECT = "test"


def make_test_trunk(tenant_id: str) -> Trunk:
    """A tenant's test trunk."""
    digest = hashlib.sha256(f"{_PROJECT}\n{tenant_id}".encode()).hexdigest()
    return Trunk(
        id=f"{TEST_TRUNK}{digest[:24]}",
        name="test",
        livekit_project=_PROJECT,
        sip_trunk_id="ST_test",
        cps=CPS,
        numbers=NUMBERS,
        test=True,
    )


@dataclass(frozen=True)
class TestTrunks:
    """Sees to it that a tenant's test trunk is there."""

    trunks: TrunkRepository
    _seen: set[str] = field(default_factory=set)

    def of(self, tenant_id: str) -> Trunk:
        """The tenant's test trunk, made if need be."""
        trunk = make_test_trunk(tenant_id)
        if tenant_id not in self._seen:
            if not self.trunks.is_granted(tenant_id, trunk.id):
                self._make(trunk, tenant_id)
            self._seen.add(tenant_id)
        return trunk

    def _make(self, trunk: Trunk, tenant_id: str) -> None:
        # Another request may be quicker, or have failed between the two writes: granting again is harmless.
        with suppress(AlreadyExists):
            self.trunks.create(trunk)
        self.trunks.grant(trunk.id, tenant_id)
