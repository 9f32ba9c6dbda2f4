"""Tools on a tenant's behalf: list, make, change, delete."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from trunkline.auth.audit_log import audit_write, changed_fields
from trunkline.auth.principal import Principal
from trunkline.core.clock import Clock
from trunkline.core.errors import AlreadyExists, InUse, InvalidRequest, LimitReached, NotFound
from trunkline.core.pagination import MESSAGE, decode_cursor, encode_cursor
from trunkline.core.validation import spec_values, validated
from trunkline.storage.versioned import LATEST
from trunkline.templating.escaping import sample
from trunkline.tools.models import Tool
from trunkline.tools.repository import ToolRepository
from trunkline.tools.schemas import (
    ToolConfig,
    ToolList,
    ToolSpec,
    ToolView,
    config_of,
    require_sound,
    spec_of,
    tool_view,
)
from trunkline.tools.secret_repository import SecretRepository

MAX_TOOLS = 500
_PAGE = 25


@dataclass(frozen=True)
class ToolService:
    """Keeps a tenant's tools, those of the key's mode.

    `check_url(url, field)` raises `InvalidRequest` for an address that may not be called; `using(tenant_mode,
    name)` says what has a tool.
    """

    tools: ToolRepository
    secrets: SecretRepository
    check_url: Callable[[str, str], None]
    using: Callable[[str, str], str | None]
    clock: Clock

    def list(self, principal: Principal) -> ToolList:
        """The tenant's tools, by name."""
        return {
            "data": [tool_view(each) for each in self.tools.all(principal.tenant_mode)],
            "next_cursor": None,
        }

    def get(self, principal: Principal, name: str) -> ToolView:
        """One tool; `NotFound` if the tenant has none of that name."""
        return tool_view(self.own(principal, name))

    def versions(self, principal: Principal, name: str, cursor: str | None) -> ToolList:
        """A tool's versions, newest first; `NotFound` if the tenant has none of that name."""
        self.own(principal, name)
        before = version_of(cursor) if cursor else LATEST
        found = self.tools.versions(principal.tenant_mode, name, before, _PAGE)
        more = len(found) == _PAGE and found[-1].version > 1
        shown = [tool_view(each) for each in found if not each.deleted]
        return {"data": shown, "next_cursor": encode_cursor(str(found[-1].version)) if more else None}

    def create(self, principal: Principal, spec: ToolSpec) -> ToolView:
        """Make a tool.

        Raises:
            AlreadyExists: the tenant has one of that name.
            LimitReached: the tenant has as many as it may.
            InvalidRequest: it could never work; says what is wrong, and where.
        """
        before = self.tools.last(principal.tenant_mode, spec.name)
        if before and not before.deleted:
            raise AlreadyExists(f"Tool {spec.name} already exists")
        if before is None and len(self.tools.all(principal.tenant_mode)) >= MAX_TOOLS:
            raise LimitReached(f"A tenant may have {MAX_TOOLS} tools")
        return self._save(principal, spec, before, "created")

    def change(self, principal: Principal, name: str, changes: Mapping[str, Any]) -> ToolView:
        """Make a new version with some fields changed; calls that go on keep theirs.

        Raises:
            NotFound: the tenant has none of that name.
            InvalidRequest: a field is wrong, or the name would change.
            VersionConflict: another request was quicker.
        """
        before = self.own(principal, name)
        if changes.get("name", name) != name:
            raise InvalidRequest("Validation error: name can't be changed", field="name")
        spec = validated(ToolSpec, {**spec_values(ToolSpec, tool_view(before)), **changes})
        if spec == spec_of(before):
            return tool_view(before)
        return self._save(principal, spec, before, "changed")

    def delete(self, principal: Principal, name: str) -> None:
        """Delete a tool.

        Raises:
            NotFound: the tenant has none of that name.
            InUse: a workflow or an agent has it.
        """
        before = self.own(principal, name)
        if user := self.using(principal.tenant_mode, name):
            raise InUse(f"Tool {name} is in use by {user}")
        now_ms = self.clock.wall_ms()
        gone = replace(before, version=before.version + 1, updated_at_ms=now_ms, deleted=True)
        self.tools.save(gone, [audit_write(principal, now_ms, "tool.deleted", name)])

    def own(self, principal: Principal, name: str) -> Tool:
        """A tool of the tenant's and of the key's mode; `NotFound` if it has none of that name."""
        found = self.tools.load(principal.tenant_mode, name)
        if found is None:
            raise NotFound("Tool not found")
        return found

    def asking_for(self, tenant_mode: str, secret: str) -> str | None:
        """The name of a tool that asks for a secret, if there is one."""
        for tool in self.tools.all(tenant_mode):
            if secret in require_sound(config_of(tool)):
                return tool.name
        return None

    def _save(self, principal: Principal, spec: ToolSpec, before: Tool | None, what: str) -> ToolView:
        now_ms = self.clock.wall_ms()
        self._require_sound(principal, spec.config)
        made = spec.tool(principal.tenant_mode, now_ms, before)
        changed = changed_fields(tool_view(before), tool_view(made)) if before and what == "changed" else []
        self.tools.save(made, [audit_write(principal, now_ms, f"tool.{what}", spec.name, changed)])
        return tool_view(made)

    def _require_sound(self, principal: Principal, config: ToolConfig) -> None:
        for secret in sorted(require_sound(config)):
            if self.secrets.load(principal.tenant_mode, secret) is None:
                text = f"Validation error: config: there is no secret {secret}"
                raise InvalidRequest(text, field="config")
        for number, action in config.requests:
            self.check_url(sample(action.url), f"config.actions.{number}.url")


def version_of(cursor: str) -> int:
    """The version that a cursor names.

    Raises:
        InvalidRequest: it is no cursor of versions.
    """
    place = decode_cursor(cursor)
    if not (place.isdigit() and 1 <= int(place[:7]) <= LATEST):
        raise InvalidRequest(f"Validation error: {MESSAGE}", field="cursor")
    return int(place[:7])
