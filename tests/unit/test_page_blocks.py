"""Blocks that can be run: a test of them notices a wrong output, an error and a mark without a block."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.support import page_blocks
from tests.support.page_blocks import blocks_of, printed_by, script_of
from tests.support.pages import ROOT

PAGE = """# Page

<!-- run -->
```bash
NAME=Ada
```

<!-- run saves: greet.py -->
```python
def greet(name): return f"hello {name}"
```

<!-- run prints: hello Ada -->
```python
import os
from greet import greet
print(greet(os.environ["NAME"]))
```

```bash
exit 1
```
"""


# They need a browser, or an agent's job in a room.
ONLY_READ = {
    "guides/web-call.md": ["javascript"],
    "guides/voicemail.md": ["python"],
    "guides/transfer.md": ["python"] * 2,
}
# `tests/unit/test_webhook_samples.py` runs them.
SAMPLES = {"guides/receive-webhooks.md": ["javascript"]}
TEACHING = sorted(
    page.relative_to(ROOT / "docs").as_posix()
    for page in [ROOT / "docs" / "quick-start.md", *(ROOT / "docs" / "guides").glob("*.md")]
)


@pytest.mark.parametrize("page", TEACHING)
def test_each_block_of_a_page_that_teaches_is_run(page: str) -> None:
    text = (ROOT / "docs" / page).read_text()
    shown = re.findall(r"^```(bash|python|javascript)$", text, re.MULTILINE)
    run_ = [block.language for block in blocks_of(page)]
    for language in [*ONLY_READ.get(page, []), *SAMPLES.get(page, [])]:
        shown.remove(language)
    assert sorted(shown) == sorted(run_)


@pytest.fixture
def docs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "docs").mkdir()
    monkeypatch.setattr(page_blocks, "ROOT", tmp_path)
    return tmp_path / "docs"


def run(docs: Path, text: str) -> tuple[int, list[str]]:
    (docs / "page.md").write_text(text)
    done = subprocess.run(
        ["bash"],  # noqa: S607 - the one of the machine, as a reader has it
        input=script_of(blocks_of("page.md")),
        cwd=docs,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, printed_by(done.stdout)


def test_blocks_see_variables_and_files_of_those_before_them(docs: Path) -> None:
    status, printed = run(docs, PAGE)
    assert (status, printed) == (0, ["", "", "hello Ada"])
    assert [block.fault(text) for block, text in zip(blocks_of("page.md"), printed, strict=True)] == [
        None
    ] * 3


def test_another_output_is_a_fault(docs: Path) -> None:
    (docs / "page.md").write_text(PAGE)
    silent, _, greeting = blocks_of("page.md")
    assert silent.fault("something")
    assert greeting.fault("hello Bob")


def test_a_block_that_fails_ends_the_page(docs: Path) -> None:
    status, printed = run(docs, PAGE.replace("NAME=Ada", "NAME=Ada; false"))
    assert (status, printed) == (1, [""])


@pytest.mark.parametrize("behind", ["some text\n```bash\ntrue\n```\n", "```\ntrue\n```\n"])
def test_a_mark_before_something_else_is_refused(docs: Path, behind: str) -> None:
    (docs / "page.md").write_text(f"<!-- run -->\n{behind}")
    with pytest.raises(ValueError, match=r"page\.md"):
        blocks_of("page.md")
