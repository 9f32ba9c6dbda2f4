"""`make bench ARGS=<group>` measures that group."""

from __future__ import annotations

import pytest

from benchmarks import __main__ as benchmarks
from benchmarks.results import Row


@pytest.mark.parametrize("group", benchmarks.STANDALONE_GROUPS)
def test_a_group_that_is_named_is_measured(group: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Row] = []
    row = Row(group, "measured")
    monkeypatch.setitem(benchmarks.STANDALONE_GROUPS, group, lambda: [row])
    monkeypatch.setattr(benchmarks, "show", lambda rows, **_: shown.extend(rows))
    benchmarks.main([group])
    assert shown == [row]
