"""Code on the pages about agents: it is Python, and what it imports and calls of `trunkline_agent` exists."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from trunkline_agent import AgentCall

from local.config import ROOT

PACKAGE = ROOT / "agent" / "trunkline_agent"
PAGES = [
    ROOT / page
    for page in (
        "agent/README.md",
        "docs/agents.md",
        "docs/tools.md",
        "docs/guides/transfer.md",
        "docs/guides/voicemail.md",
    )
]
_BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
_CALL = re.compile(r"\bcall\.(\w+)\(")


def code_of(page: Path) -> Iterator[str]:
    """Yield the blocks of a page; a part of a coroutine becomes one, so that it may await and return."""
    for block in _BLOCK.findall(page.read_text()):
        yield f"async def part():\n{textwrap.indent(block, '    ')}".replace("…", "...")


def names_in(module: Path) -> set[str]:
    """Return the names that a module defines or imports, without importing it: it may need livekit-agents."""
    found: set[str] = set()
    for node in ast.parse(module.read_text()).body:
        if isinstance(node, ast.ImportFrom | ast.Import):
            found |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_code_of_a_page_uses_what_the_package_has(page: Path) -> None:
    blocks = list(code_of(page))
    assert blocks
    for block in blocks:
        for node in ast.walk(ast.parse(block)):
            if (
                isinstance(node, ast.ImportFrom)
                and (node.module or "").partition(".")[0] == "trunkline_agent"
            ):
                module = PACKAGE / f"{(node.module or '').partition('.')[2] or '__init__'}.py"
                assert {alias.name for alias in node.names} <= names_in(module), block
        methods = set(_CALL.findall(block))
        assert methods <= {*dir(AgentCall), "add_tool"}, block
