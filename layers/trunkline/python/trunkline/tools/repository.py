"""Storage of tools and their versions."""

from __future__ import annotations

from collections.abc import Iterable

from trunkline.core.errors import InvalidRequest
from trunkline.storage.keys.resources import tool_key, tool_version_key
from trunkline.storage.table import Table
from trunkline.storage.versioned import ResourceType, VersionedRepository
from trunkline.tools.models import Tool, tool_from_attributes

_TOOLS = ResourceType[Tool]("Tool", tool_key, tool_version_key, tool_from_attributes, lambda tool: tool.name)


class ToolRepository(VersionedRepository[Tool]):
    """Stores a tenant's tools by name and version."""

    def __init__(self, table: Table) -> None:
        super().__init__(table, _TOOLS)

    def require(self, tenant_id: str, names: Iterable[str]) -> None:
        """Require that a tenant has tools of these names.

        Raises:
            InvalidRequest: a tool is missing; names the first one.
        """
        for name in names:
            if self.load(tenant_id, name) is None:
                raise InvalidRequest(f"Validation error: there is no tool {name}", field="tools")
