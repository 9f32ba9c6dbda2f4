"""Use cases of tools: those of every resource, their versions and the checks of templates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from trunkline.auth.principal import Principal
from trunkline.auth.resource_service import VersionedResourceService
from trunkline.core.clock import Clock
from trunkline.core.errors import InUse, InvalidRequest
from trunkline.core.json_text import same_json
from trunkline.storage.versioned import LATEST, VERSIONS_IN_PAGE, version_of, versions_cursor
from trunkline.templating.escaping import sample
from trunkline.tools.models import Tool
from trunkline.tools.repository import ToolRepository
from trunkline.tools.schemas import (
    ToolList,
    ToolSpec,
    ToolView,
    config_of,
    require_valid_templates,
    tool_view,
)
from trunkline.tools.secret_repository import SecretRepository

MAX_TOOLS = 500


@dataclass(frozen=True)
class ToolService(VersionedResourceService[Tool, ToolSpec, ToolView]):
    """Manages a tenant's tools of the key's mode.

    A call keeps the versions that were current when it was accepted.

    `check_url(url, field)` raises `InvalidRequest` for an address that must not be called;
    `using(tenant_mode, name)` names an agent or a workflow that has the tool.
    """

    label = "Tool"
    id_field = "name"
    fixed_fields = ("name",)
    max_count = MAX_TOOLS
    schema = ToolSpec

    repository: ToolRepository
    secrets: SecretRepository
    check_url: Callable[[str, str], None]
    using: Callable[[str, str], str | None]
    clock: Clock

    def versions(self, principal: Principal, name: str, cursor: str | None) -> ToolList:
        """List a tool's versions, newest first; raises as `require` does."""
        self.require(principal, name)
        before = version_of(cursor) if cursor else LATEST
        found = self.repository.versions(principal.tenant_mode, name, before, VERSIONS_IN_PAGE)
        shown = [tool_view(tool) for tool in found if not tool.deleted]
        return {"data": shown, "next_cursor": versions_cursor(found)}

    def using_secret(self, tenant_mode: str, secret: str) -> str | None:
        """Return the name of a tool that refers to a secret, if there is one."""
        tools = self.repository.all(tenant_mode)
        return next((tool.name for tool in tools if secret in require_valid_templates(config_of(tool))), None)

    def _view(self, resource: Tool) -> ToolView:
        return tool_view(resource)

    def _build(self, principal: Principal, spec: ToolSpec, before: Tool | None) -> Tool:
        return spec.tool(principal.tenant_mode, self.clock.wall_ms(), before)

    def _check(self, principal: Principal, resource: Tool) -> None:
        config = config_of(resource)
        for secret in sorted(require_valid_templates(config)):
            if self.secrets.load(principal.tenant_mode, secret) is None:
                text = f"Validation error: config: there is no secret {secret}"
                raise InvalidRequest(text, field="config")
        for number, action in config.requests:
            self.check_url(sample(action.url), f"config.actions.{number}.url")

    def _changed_fields(self, before: Tool, after: Tool) -> Sequence[str]:
        """Compare configs by their values: a default that is written out changes nothing."""
        is_same = same_json(config_of(before).model_dump(), config_of(after).model_dump())
        return [name for name in super()._changed_fields(before, after) if name != "config" or not is_same]

    def _require_unused(self, principal: Principal, resource: Tool) -> None:
        if user := self.using(principal.tenant_mode, resource.name):
            raise InUse(f"Tool {resource.name} is in use by {user}")
