"""A call's workflow state: variables that its agents report and its tools change. Pure.

Two write it: an agent reports all variables as it knows them, a tool changes some. A report undoes a tool's
change only where the agent itself has changed the variable since its last report.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

_ABSENT = object()


@dataclass(frozen=True)
class StateChange:
    """What a tool does to the state: `set` replaces, `append` adds to lists."""

    set: Mapping[str, Any] = field(default_factory=dict)
    append: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.set or self.append)

    @property
    def names(self) -> list[str]:
        """The variables that it changes."""
        return sorted({*self.set, *self.append})

    def then(self, later: StateChange) -> StateChange:
        """Both, the later one last."""
        values = {**self.set, **later.set}
        added = {name: each for name, each in self.append.items() if name not in later.set}
        for name, each in later.append.items():
            if name in values:
                values[name] = _appended(values[name], each)
            else:
                added[name] = (*added.get(name, ()), *each)
        return StateChange(values, added)

    def on(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The variables that change, as they are after it."""
        added = {name: _appended(values.get(name), each) for name, each in self.append.items()}
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
        """All variables as an agent knows them, which are none that are `hidden` from it; None if a newer
        report was taken before."""
        if sequence <= self.sequence:
            return None
        unseen = {name: each for name, each in self.reported.items() if name in hidden}
        reported = {**{name: each for name, each in values.items() if name not in hidden}, **unseen}
        kept = {
            name: each
            for name, each in self.saved.items()
            if reported.get(name, _ABSENT) == self.reported.get(name, _ABSENT)
        }
        return WorkflowState(reported, kept, sequence)

    def after_tool(self, change: StateChange) -> WorkflowState:
        """Some variables as a tool sets them."""
        return replace(self, saved={**self.saved, **change.on(self.values)})


def _appended(value: Any, more: tuple[Any, ...]) -> list[Any]:
    """A list with more at its end; what is no list becomes its first entry."""
    begun = [] if value is None else value if isinstance(value, list) else [value]
    return [*begun, *more]
