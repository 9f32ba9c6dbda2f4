"""Tools in the table."""

from __future__ import annotations

from collections.abc import Iterable

from trunkline.core.errors import InvalidRequest
from trunkline.kept_keys import tool_key, tool_version_key
from trunkline.table import Table
from trunkline.tools.model import Tool, tool_from_attributes
from trunkline.versions import Kind, VersionStore

_TOOLS = Kind[Tool]("Tool", tool_key, tool_version_key, tool_from_attributes, lambda tool: tool.name)


class ToolStore(VersionStore[Tool]):
    """A tenant's tools."""

    def __init__(self, table: Table) -> None:
        super().__init__(table, _TOOLS)

    def require(self, tenant_id: str, names: Iterable[str]) -> None:
        """Refuse names of tools that a tenant has not.

        Raises:
            InvalidRequest: names the first.
        """
        for name in names:
            if self.load(tenant_id, name) is None:
                raise InvalidRequest(f"Validation error: there is no tool {name}", field="tools")
