"""Tools as they are stored. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Tool:
    """One version of a tenant's tool; a call uses the version that was current when it was accepted."""

    tenant_id: str
    name: str
    version: int
    description: str
    config_json: str
    record_bodies: bool
    created_at_ms: int
    updated_at_ms: int
    deleted: bool = False

    def as_attributes(self) -> dict[str, Any]:
        """Return the attributes to store."""
        return asdict(self)


_FIELDS = {field.name for field in fields(Tool)}


def tool_from_attributes(item: Mapping[str, Any]) -> Tool:
    """Read a stored tool."""
    return Tool(**{name: value for name, value in item.items() if name in _FIELDS})
