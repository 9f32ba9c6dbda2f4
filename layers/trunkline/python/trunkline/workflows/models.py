"""Workflows as they are stored. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from trunkline.calls.calling_policy import RedialPolicy
from trunkline.calls.calling_window import CallingWindow
from trunkline.calls.value_objects import Channel


@dataclass(frozen=True)
class Workflow:
    """One version of a tenant's workflow; a call keeps the version it started with.

    `entry_agent` and `agents` are names of the tenant's agents, `secret_keys` those keys of the
    `user_context` that agents never receive. `redial` and `window` of None: the entry agent's.
    """

    tenant_id: str
    slug: str
    version: int
    name: str
    description: str
    channel: Channel
    entry_agent: str
    agents: tuple[str, ...]
    tools: tuple[str, ...]
    variables_json: str
    secret_keys: tuple[str, ...]
    redial: RedialPolicy | None
    window: CallingWindow | None
    priority: int
    join_window_s: int
    created_at_ms: int
    updated_at_ms: int
    deleted: bool = False

    @property
    def variables(self) -> dict[str, Any]:
        """The initial workflow variables of a call."""
        values: dict[str, Any] = json.loads(self.variables_json)
        return values

    @property
    def all_agents(self) -> tuple[str, ...]:
        """The names of all agents that may talk, the entry agent first."""
        return (self.entry_agent, *(name for name in self.agents if name != self.entry_agent))

    def as_attributes(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value is not None}


_FIELDS = {field.name for field in fields(Workflow)}


def workflow_from_attributes(item: Mapping[str, Any]) -> Workflow:
    """Read a stored workflow."""
    values: dict[str, Any] = {name: item.get(name) for name in _FIELDS}
    values["channel"] = Channel(item["channel"])
    for name in ("agents", "tools", "secret_keys"):
        values[name] = tuple(item[name])
    values["redial"] = RedialPolicy.parse(item["redial"]) if item.get("redial") else None
    values["window"] = CallingWindow.parse(item["window"]) if item.get("window") else None
    return Workflow(**values)


ALWAYS_SECRET = frozenset({"auth_token"})
"""Keys that agents never receive, whatever its workflow says."""


def hidden_keys(workflow: Workflow | None) -> frozenset[str]:
    """Return the keys of context and state that only tools receive."""
    return ALWAYS_SECRET | frozenset(workflow.secret_keys if workflow else ())
