"""Finds assertions that depend on how fast the machine is.

An assertion hits if it compares an elapsed time, or two readings of a real clock. A comparison of one
reading with a stored timestamp does not (`before <= call.created_at <= after` holds on any machine), nor
does the deadline of a polling loop, which only says when to give up.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from enum import IntEnum
from itertools import pairwise

_CLOCKS = {
    "time": {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns"},
    "datetime": {"now", "utcnow"},
    "date": {"today"},
}
_KEEPS_KIND = {
    "int",
    "float",
    "round",
    "abs",
    "min",
    "max",
    "sum",
    "sorted",
    "zip",
    "list",
    "pairwise",
    "len",
}
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Kind(IntEnum):
    """What a value says of the real clock; the greater one wins when two are combined."""

    NOTHING = 0
    READING = 1
    ELAPSED = 2


def wall_time_assertions(source: str, *, loop_time_is_virtual: bool = False) -> list[int]:
    """Return the line numbers of the assertions that depend on wall time."""
    tree = ast.parse(source)
    found: set[int] = set()
    clocks = _imported_clocks(tree)
    for function in [node for node in ast.walk(tree) if isinstance(node, _FUNCTIONS)]:
        names = _Names(clocks, loop_time_is_virtual)
        if names.reads_a_clock(function):
            names.learn(function)
            found |= {node.lineno for node in _assertions(function) if names.bounds_time(node.test)}
    return sorted(found)


def _imported_clocks(module: ast.Module) -> set[str]:
    return {
        alias.asname or alias.name
        for node in ast.walk(module)
        if isinstance(node, ast.ImportFrom) and node.module == "time"
        for alias in node.names
        if alias.name in _CLOCKS["time"]
    }


def _assertions(node: ast.AST) -> Iterator[ast.Assert]:
    """Walk the assertions that stand in no `while`: there they are a polling loop's deadline."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Assert):
            yield child
        elif not isinstance(child, ast.While):
            yield from _assertions(child)


class _Names:
    """Tells what a function's names hold, from their assignments, loops and appends."""

    def __init__(self, clocks: set[str], loop_time_is_virtual: bool) -> None:
        self._kinds: dict[str, Kind] = {}
        self._loop_time_is_virtual = loop_time_is_virtual
        self._clocks = clocks

    def reads_a_clock(self, function: ast.AST) -> bool:
        """Tell whether a clock is read at all: without that, no name holds a time."""
        return any(isinstance(node, ast.Call) and self._is_clock(node.func) for node in ast.walk(function))

    def learn(self, function: ast.AST) -> None:
        """Read the function until nothing new is found: a name may be used above its assignment."""
        before = -1
        while sum(self._kinds.values()) != before:
            before = sum(self._kinds.values())
            for node in ast.walk(function):
                self._learn_from(node)

    def _learn_from(self, node: ast.AST) -> None:
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr | ast.AugAssign) and node.value:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                self._bind(target, self.kind(node.value))
        elif isinstance(node, ast.For | ast.comprehension):
            self._bind(node.target, self.kind(node.iter))
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("append", "add"):
            self._bind(node.func, max(map(self.kind, node.args), default=Kind.NOTHING))

    def _bind(self, target: ast.expr, kind: Kind) -> None:
        for node in ast.walk(target):
            if isinstance(node, ast.Name):
                self._kinds[node.id] = max(kind, self._kinds.get(node.id, Kind.NOTHING))

    def bounds_time(self, test: ast.expr) -> bool:
        """Tell whether a comparison anywhere in the assertion bounds an elapsed time."""
        return any(
            self._compares_time(left, right)
            for node in ast.walk(test)
            if isinstance(node, ast.Compare)
            for left, right in pairwise([node.left, *node.comparators])
        )

    def _compares_time(self, left: ast.expr, right: ast.expr) -> bool:
        kinds = (self.kind(left), self.kind(right))
        return Kind.ELAPSED in kinds or kinds == (Kind.READING, Kind.READING)

    def kind(self, node: ast.expr) -> Kind:
        """Tell what an expression holds."""
        if isinstance(node, ast.Name):
            return self._kinds.get(node.id, Kind.NOTHING)
        if isinstance(node, ast.Call):
            return self._kind_of_call(node)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
            return self._kind_of_difference(node)
        parts = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
        return max(map(self.kind, parts), default=Kind.NOTHING)

    def _kind_of_difference(self, node: ast.BinOp) -> Kind:
        """Subtracting a constant moves a reading; subtracting anything else makes a duration of it."""
        kinds = (self.kind(node.left), self.kind(node.right))
        if isinstance(node.right, ast.Constant):
            return kinds[0]
        return Kind.ELAPSED if any(kinds) else Kind.NOTHING

    def _kind_of_call(self, node: ast.Call) -> Kind:
        if self._is_clock(node.func):
            return Kind.READING
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        kind = max(map(self.kind, node.args), default=Kind.NOTHING)
        if name == "approx":
            return Kind.ELAPSED if kind else Kind.NOTHING
        if name in ("total_seconds", "timestamp") and isinstance(node.func, ast.Attribute):
            return self.kind(node.func.value)
        return kind if name in _KEEPS_KIND else Kind.NOTHING

    def _is_clock(self, function: ast.expr) -> bool:
        if isinstance(function, ast.Name):
            return function.id in self._clocks
        if not isinstance(function, ast.Attribute):
            return False
        owner = function.value
        name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
        return function.attr in _CLOCKS.get(name, ()) or self._is_loop_time(function, name)

    def _is_loop_time(self, function: ast.Attribute, owner: str) -> bool:
        is_loop = owner in ("loop", "_loop") or (
            isinstance(function.value, ast.Call) and "loop" in ast.unparse(function.value.func)
        )
        return function.attr == "time" and is_loop and not self._loop_time_is_virtual
