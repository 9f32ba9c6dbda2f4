"""Workflow state of a call: variables that its agents report and its tools change. Pure.

An agent reports all variables as it knows them, a tool changes some. A report undoes a tool's
change only where the agent itself has changed the variable since its last report.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from trunkline.core.json_text import same_json

_ABSENT = object()
_MAX_REPORTERS = 100
"""Whose counts are kept: redispatches and transfers of one call give far fewer."""

Reporter = tuple[int, str]
"""A claim, and the job that counts its reports in it: `NAMED` and its own name, or what LiveKit knows of."""

NAMED = "="


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
    since; `counts` has the last number of each reporter of the last reporting claim, the latest last."""

    reported: Mapping[str, Any]
    saved: Mapping[str, Any] = field(default_factory=dict)
    claim: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def values(self) -> dict[str, Any]:
        return {**self.reported, **self.saved}

    def after_report(
        self,
        sequence: int,
        values: Mapping[str, Any],
        hidden: frozenset[str] = frozenset(),
        reporter: Reporter = (0, ""),
    ) -> WorkflowState | None:
        """Return the state after a report, without `hidden` variables; None if a newer report was first.

        Newer is a higher number of the same reporter, or another reporter: it joined later, or it is told of
        later.
        """
        if reporter[0] < self.claim or sequence <= self.last_sequence(reporter):
            return None
        unseen = {name: value for name, value in self.reported.items() if name in hidden}
        reported = {**{name: value for name, value in values.items() if name not in hidden}, **unseen}
        unaffected = {
            name: each
            for name, each in self.saved.items()
            if same_json(reported.get(name, _ABSENT), self.reported.get(name, _ABSENT))
        }
        return WorkflowState(reported, unaffected, reporter[0], self._counted(reporter, sequence))

    def last_sequence(self, reporter: Reporter) -> int:
        """Return the last number of a reporter, -1 before there is one.

        Numbers that came before LiveKit told of the reporter's job are its own.
        """
        claim, job = reporter
        counts = self.counts if claim == self.claim else {}
        return counts.get(job, counts.get("", -1) if not job.startswith(NAMED) else -1)

    def _counted(self, reporter: Reporter, sequence: int) -> dict[str, int]:
        claim, job = reporter
        counts = self.counts if claim == self.claim else {}
        kept = {
            name: last for name, last in counts.items() if name != job and (name or job.startswith(NAMED))
        }
        return dict([*kept.items(), (job, sequence)][-_MAX_REPORTERS:])

    def after_tool(self, change: StateChange) -> WorkflowState:
        """Return the state after a tool's change."""
        return replace(self, saved={**self.saved, **change.on(self.values)})


def _appended(value: Any, entries: tuple[Any, ...]) -> list[Any]:
    """Append entries to a list; another value becomes its first entry."""
    begun = [] if value is None else value if isinstance(value, list) else [value]
    return [*begun, *entries]
