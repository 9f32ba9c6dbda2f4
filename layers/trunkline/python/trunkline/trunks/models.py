"""Trunk models: the trunk, its tenants' settings, and the state that decides what may be dialled."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cached_property
from typing import Any

from trunkline.trunks.batch_holds import BatchHold
from trunkline.trunks.circuit_breaker import TrunkCircuitBreaker


@dataclass(frozen=True)
class Trunk:
    """A LiveKit SIP outbound trunk, its numbers and its budget (`cps`: INVITEs a second).

    `direct_share` is the share of pace and concurrency that batch calls leave free for direct ones.
    `livekit_tenant_id` is the tenant whose own LiveKit it belongs to; None: the deployment's. A `test`
    trunk reaches no carrier: its calls are simulated.
    """

    id: str
    name: str
    livekit_project: str
    sip_trunk_id: str
    cps: float
    numbers: tuple[str, ...]
    max_concurrent_calls: int | None = None
    direct_share: float = 0.0
    livekit_tenant_id: str | None = None
    test: bool = False

    @classmethod
    def parse(cls, item: Mapping[str, Any]) -> Trunk:
        """Read a stored trunk."""
        return cls(**_stored_fields(cls, item) | {"numbers": tuple(item["numbers"])})

    def as_attributes(self) -> dict[str, Any]:
        """Return the attributes to store."""
        return asdict(self) | {"numbers": list(self.numbers)}


def trunk_id_for(livekit_project: str, sip_trunk_id: str) -> str:
    """Derive the id of a SIP trunk in a LiveKit project, so that it can never have two lanes."""
    digest = hashlib.sha256(f"{livekit_project}\n{sip_trunk_id}".encode()).hexdigest()
    return f"trunk_{digest[:24]}"


TEST_TRUNK_PREFIX = "trunk_test_"
"""Prefix of the ids of test trunks."""


def is_test_trunk(trunk_id: str) -> bool:
    """Tell whether a trunk is a test trunk, with simulated calls."""
    return trunk_id.startswith(TEST_TRUNK_PREFIX)


@dataclass(frozen=True)
class TrunkSettings:
    """A tenant's settings of a trunk: a pause, and limits below the operator's (None: the operator's apply).

    `operator_paused` is the operator's own pause, which a tenant cannot end.
    """

    paused: bool = False
    operator_paused: bool = False
    cps: float | None = None
    max_concurrent_calls: int | None = None

    @classmethod
    def parse(cls, item: Mapping[str, Any]) -> TrunkSettings:
        """Read stored settings."""
        return cls(**_stored_fields(cls, item))


def _stored_fields(model: type, item: Mapping[str, Any]) -> dict[str, Any]:
    return {field.name: item[field.name] for field in fields(model) if field.name in item}


@dataclass(frozen=True)
class TrunkState:
    """A trunk with everything that decides what may be dialled on it now.

    `tenants` maps each tenant that may use it to its limit of concurrent calls on it, or None;
    `totals` maps tenants to their limit over all trunks, where they have one. `failures` is the number of the
    trunk's failures in a row, and `failing_because` names the last of them.
    """

    declared: Trunk
    settings: TrunkSettings = TrunkSettings()
    breaker: TrunkCircuitBreaker | None = None
    tenants: Mapping[str, int | None] = field(default_factory=dict)
    totals: Mapping[str, int] = field(default_factory=dict)
    holds: Sequence[BatchHold] = ()
    failures: int = 0
    failing_because: str | None = None

    @cached_property
    def trunk(self) -> Trunk:
        """Return the trunk with the limits in force now."""
        concurrent = [
            limit
            for limit in (self.declared.max_concurrent_calls, self.settings.max_concurrent_calls)
            if limit is not None
        ]
        return replace(
            self.declared,
            cps=min(self.declared.cps, self.settings.cps or self.declared.cps),
            max_concurrent_calls=min(concurrent, default=None),
        )

    def active_holds(self, now_ms: int) -> list[BatchHold]:
        """List the holds in force."""
        return [hold for hold in self.holds if hold.is_active(now_ms)]

    def paused_because(self, now_ms: int) -> str | None:
        """Return why the trunk is paused, or None."""
        if self.settings.operator_paused:
            return "paused_by_operator"
        if self.settings.paused:
            return "paused_by_request"
        if self.breaker and self.breaker.is_open(now_ms):
            return self.breaker.reason
        return None

    def limits(self, tenant_id: str, *, batch: bool) -> dict[str, int]:
        """Map each pool of which a claim takes a slot to its limit (rule 15)."""
        limits: dict[str, int] = {}
        trunk = self.trunk
        if trunk.max_concurrent_calls is not None:
            limits[trunk.id] = trunk.max_concurrent_calls
            if batch and trunk.direct_share:
                reserved = math.ceil(trunk.direct_share * trunk.max_concurrent_calls)
                limits[batch_pool(trunk.id)] = trunk.max_concurrent_calls - reserved
        tenant_limit = self.tenants.get(tenant_id)
        if tenant_limit is not None:
            limits[tenant_pool(trunk.id, tenant_id)] = tenant_limit
        if tenant_id in self.totals:
            limits[total_pool(tenant_id, livemode=not trunk.test)] = self.totals[tenant_id]
        return limits

    def pools(self) -> list[str]:
        """List every limited pool of the trunk."""
        return sorted({pool for tenant in self.tenants for pool in self.limits(tenant, batch=True)})


def batch_pool(trunk_id: str) -> str:
    """Name the pool of a trunk's concurrent batch calls, where a share is reserved for direct ones."""
    return f"{trunk_id}/batch"


_TOTAL_PREFIX = "tenant/"


def total_pool(tenant_id: str, *, livemode: bool) -> str:
    """Name the pool of a tenant's concurrent calls of one mode over all trunks."""
    return f"{_TOTAL_PREFIX}{tenant_id}/{'live' if livemode else 'test'}"


def is_total(pool: str) -> bool:
    """Tell whether a pool spans all of a tenant's trunks."""
    return pool.startswith(_TOTAL_PREFIX)


def tenant_pool(trunk_id: str, tenant_id: str) -> str:
    """Name the pool of one tenant's concurrent calls on one trunk."""
    return f"{trunk_id}/{tenant_id}"
