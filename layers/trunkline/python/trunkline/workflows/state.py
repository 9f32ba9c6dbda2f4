"""Workflow state of a call: variables that its agents report and its tools change. Pure.

An agent reports all variables as it knows them, a tool changes some. A report undoes a tool's
change only where the agent itself has changed the variable since its last report.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

_ABSENT = object()


@dataclass(frozen=True)
class StateChange:
    """A tool's change of the state: `set` replaces, `append` adds to lists."""

    set: Mapping[str, Any] = field(default_factory=dict)
    append: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.set or self.append)

    @property
    def names(self) -> list[str]:
        """The names of the variables that it changes."""
        return sorted({*self.set, *self.append})

    def then(self, later: StateChange) -> StateChange:
        """Combine this change with a later one."""
        values = {**self.set, **later.set}
        added = {name: value for name, value in self.append.items() if name not in later.set}
        for name, entries in later.append.items():
            if name in values:
                values[name] = _appended(values[name], entries)
            else:
                added[name] = (*added.get(name, ()), *entries)
        return StateChange(values, added)

    def on(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the changed variables with their new values."""
        added = {name: _appended(values.get(name), entries) for name, entries in self.append.items()}
        return {**self.set, **added}


@dataclass(frozen=True)
class WorkflowState:
    """`reported` is the agent's last report, or what the workflow begins with; `saved` what tools changed
    since; `sequence` is the last report's, -1 before there is one."""

    reported: Mapping[str, Any]
    saved: Mapping[str, Any] = field(default_factory=dict)
    sequence: int = -1

    @property
    def values(self) -> dict[str, Any]:
        return {**self.reported, **self.saved}

    def after_report(
        self, sequence: int, values: Mapping[str, Any], hidden: frozenset[str] = frozenset()
    ) -> WorkflowState | None:
        """Return the state after a report, without `hidden` variables; None if a newer report was first."""
        if sequence <= self.sequence:
            return None
        unseen = {name: value for name, value in self.reported.items() if name in hidden}
        reported = {**{name: value for name, value in values.items() if name not in hidden}, **unseen}
        unaffected = {
            name: each
            for name, each in self.saved.items()
            if reported.get(name, _ABSENT) == self.reported.get(name, _ABSENT)
        }
        return WorkflowState(reported, unaffected, sequence)

    def after_tool(self, change: StateChange) -> WorkflowState:
        """Return the state after a tool's change."""
        return replace(self, saved={**self.saved, **change.on(self.values)})


def _appended(value: Any, entries: tuple[Any, ...]) -> list[Any]:
    """Append entries to a list; another value becomes its first entry."""
    begun = [] if value is None else value if isinstance(value, list) else [value]
    return [*begun, *entries]
