"""Position of a call in its trunk's queue: the dialling order within a tenant. Pure."""

from __future__ import annotations

from dataclasses import dataclass

LAST = "~"
"""Sorts after every part of a position's key."""


@dataclass(frozen=True)
class QueuePosition:
    """Order in a tenant's queue: priority (0 first), direct before batch, then arrival in microseconds."""

    tenant_id: str
    priority: int
    batch: bool
    arrived_at_us: int
    call_id: str

    @property
    def key(self) -> str:
        """Return the sort key of the queue entry; the id breaks ties."""
        return f"{self.rank_key}{self.arrived_at_us:017d}#{self.call_id}"

    @property
    def rank_key(self) -> str:
        """Return the common prefix of a tenant's entries with this priority and kind."""
        return f"{self.tenant_id}#{self.priority:02d}#{int(self.batch)}#"

    @property
    def rank(self) -> tuple[int, bool]:
        """Return what decides before arrival and fairness between tenants."""
        return self.priority, self.batch

    @classmethod
    def parse(cls, key: str) -> QueuePosition:
        """Read a sort key; raise `ValueError` if it is none."""
        tenant_id, priority, batch, arrived_at_us, call_id = key.split("#")
        return cls(tenant_id, int(priority), batch == "1", int(arrived_at_us), call_id)
