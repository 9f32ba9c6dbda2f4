"""Trunks as the dialer, the API and the operator see them."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

from trunkline.trunks.batch_holds import BatchHold
from trunkline.trunks.circuit_breaker import TrunkCircuitBreaker


@dataclass(frozen=True)
class Trunk:
    """A LiveKit SIP outbound trunk, its numbers and its budget (`cps`: INVITEs a second).

    `direct_share` is the share of pace and concurrency that batch calls leave free for direct ones.
    `livekit_tenant_id` is the tenant whose own LiveKit it belongs to; None: the deployment's. A `test`
    trunk leads nowhere: what happens to its calls is played.
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
        return cls(
            id=item["id"],
            name=item["name"],
            livekit_project=item["livekit_project"],
            sip_trunk_id=item["sip_trunk_id"],
            cps=item["cps"],
            numbers=tuple(item["numbers"]),
            max_concurrent_calls=item.get("max_concurrent_calls"),
            direct_share=item.get("direct_share", 0.0),
            livekit_tenant_id=item.get("livekit_tenant_id"),
            test=item.get("test", False),
        )

    def as_attributes(self) -> dict[str, Any]:
        """The attributes to store."""
        return asdict(self) | {"numbers": list(self.numbers)}


def trunk_id_for(livekit_project: str, sip_trunk_id: str) -> str:
    """The one id of a SIP trunk in a LiveKit project, so that it can never have two lanes."""
    digest = hashlib.sha256(f"{livekit_project}\n{sip_trunk_id}".encode()).hexdigest()
    return f"trunk_{digest[:24]}"


TEST_TRUNK = "trunk_test_"
"""What the id of every test trunk begins with."""


def is_test_trunk(trunk_id: str) -> bool:
    """Say whether a trunk is one whose calls are played."""
    return trunk_id.startswith(TEST_TRUNK)


@dataclass(frozen=True)
class TrunkSettings:
    """What its tenant set: a pause, and bounds below the operator's own (None: the operator's hold).

    A pause of the operator's is its own: the tenant can't end it.
    """

    paused: bool = False
    operator_paused: bool = False
    cps: float | None = None
    max_concurrent_calls: int | None = None

    @classmethod
    def parse(cls, item: Mapping[str, Any]) -> TrunkSettings:
        """Read stored settings."""
        return cls(
            paused=item.get("paused", False),
            operator_paused=item.get("operator_paused", False),
            cps=item.get("cps"),
            max_concurrent_calls=item.get("max_concurrent_calls"),
        )


@dataclass(frozen=True)
class TrunkState:
    """A trunk with everything that decides what may be dialled on it now.

    `tenants` maps each tenant that may use it to its own limit of concurrent calls on it, or None;
    `totals` those that have a limit over all their calls to that.
    """

    declared: Trunk
    settings: TrunkSettings = TrunkSettings()
    breaker: TrunkCircuitBreaker | None = None
    tenants: Mapping[str, int | None] = field(default_factory=dict)
    totals: Mapping[str, int] = field(default_factory=dict)
    holds: Sequence[BatchHold] = ()

    @cached_property
    def trunk(self) -> Trunk:
        """The trunk with the bounds that hold now."""
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

    def held(self, now_ms: int) -> list[BatchHold]:
        """What is held back now."""
        return [hold for hold in self.holds if hold.counts(now_ms)]

    def paused_because(self, now_ms: int) -> str | None:
        """Why nothing is dialled, or None."""
        if self.settings.operator_paused:
            return "paused_by_operator"
        if self.settings.paused:
            return "paused_by_request"
        if self.breaker and self.breaker.is_open(now_ms):
            return self.breaker.reason
        return None

    def limits(self, tenant_id: str, *, batch: bool) -> dict[str, int]:
        """Rule 15: the pools of which a claim takes a slot, and how full each may be for it."""
        limits: dict[str, int] = {}
        trunk = self.trunk
        if trunk.max_concurrent_calls is not None:
            limits[trunk.id] = trunk.max_concurrent_calls
            if batch and trunk.direct_share:
                reserved = math.ceil(trunk.direct_share * trunk.max_concurrent_calls)
                limits[batch_pool(trunk.id)] = trunk.max_concurrent_calls - reserved
        own = self.tenants.get(tenant_id)
        if own is not None:
            limits[tenant_pool(trunk.id, tenant_id)] = own
        if tenant_id in self.totals:
            limits[total_pool(tenant_id, livemode=not trunk.test)] = self.totals[tenant_id]
        return limits

    def pools(self) -> list[str]:
        """Every limited pool of the trunk."""
        return sorted({pool for tenant in self.tenants for pool in self.limits(tenant, batch=True)})


def batch_pool(trunk_id: str) -> str:
    """The pool of a trunk's concurrent batch calls, where a share is reserved for direct ones."""
    return f"{trunk_id}/batch"


_TOTAL = "tenant/"


def total_pool(tenant_id: str, *, livemode: bool) -> str:
    """The pool of all of a tenant's concurrent calls of one mode, whatever they go through."""
    return f"{_TOTAL}{tenant_id}/{'live' if livemode else 'test'}"


def is_total(pool: str) -> bool:
    """Say whether a pool spans a tenant's trunks: a slot of it that is freed may be any trunk's."""
    return pool.startswith(_TOTAL)


def tenant_pool(trunk_id: str, tenant_id: str) -> str:
    """The pool of one tenant's concurrent calls on one trunk."""
    return f"{trunk_id}/{tenant_id}"
