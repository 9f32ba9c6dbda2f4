"""Where a call stands in its line: the order of dialling, but for the tenants' turns. Pure."""

from __future__ import annotations

from dataclasses import dataclass

LAST = "~"
"""Sorts after every part of a place."""


@dataclass(frozen=True)
class QueuePosition:
    """Where a call stands in its tenant's line: priority (0 first), direct before batch, then arrival."""

    tenant_id: str
    priority: int
    batch: bool
    arrived_at_us: int
    call_id: str

    @property
    def key(self) -> str:
        """The sort key of the line entry; the id is a tie-break."""
        return f"{self.rank_key}{self.arrived_at_us:017d}#{self.call_id}"

    @property
    def rank_key(self) -> str:
        """What all of a tenant's entries of this priority and kind begin with."""
        return f"{self.tenant_id}#{self.priority:02d}#{int(self.batch)}#"

    @property
    def rank(self) -> tuple[int, bool]:
        """What decides before arrival and turns do."""
        return self.priority, self.batch

    @classmethod
    def parse(cls, key: str) -> QueuePosition:
        """Read a sort key."""
        tenant_id, priority, batch, arrived_at_us, call_id = key.split("#")
        return cls(tenant_id, int(priority), batch == "1", int(arrived_at_us), call_id)
