"""The quick start and the guides: every block that can be run, as a reader runs them, and what it prints."""

from __future__ import annotations

import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from local.webhook_receiver import receiver
from tests.support.page_blocks import Block, blocks_of, printed_by, script_of
from tests.support.pages import ROOT
from tests.support.tenant import Tenant

QUICK_START = "quick-start.md"
GUIDES = sorted(f"guides/{page.name}" for page in (ROOT / "docs" / "guides").glob("*.md"))
_PAGES_AT_ONCE = 3
_GIVES_UP_AFTER_S = 120
_NOT_USED = 0
# Its endpoint would receive the events of the other pages' calls, also before it listens.
_ALONE = "guides/receive-webhooks.md"


def faults_of(page: str, folder: Path, port: int) -> list[str]:
    """Run a page's blocks behind those that set the variables, and return what is not as the page says."""
    blocks = [blocks_of(QUICK_START)[0], *(blocks_of(page)[1:] if page == QUICK_START else blocks_of(page))]
    home = folder / page.replace("/", "-")
    home.mkdir()
    (home / ".local").symlink_to(folder / ".local")
    status, output = _run(script_of(blocks), home, port)
    printed = printed_by(output)
    found = [_fault(block, text) for block, text in zip(blocks, printed, strict=False)]
    if status != 0 or len(printed) < len(blocks):
        where = f"{page}: ended with {status} in block {len(printed)} of {len(blocks)}"
        found.append(f"{where}:\n{output[-2000:]}")
    return [fault for fault in found if fault]


def _run(script: str, home: Path, port: int) -> tuple[int | str, str]:
    """Run a script, and return its exit code, or that it did not end, and its output."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "PORT": str(port)}
    with (home / "output").open("w+") as output:
        try:
            status: int | str = subprocess.run(
                ["bash"],  # noqa: S607 - whichever bash there is
                input=script,
                cwd=home,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=_GIVES_UP_AFTER_S,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            status = f"nothing within {_GIVES_UP_AFTER_S} s"
    return status, (home / "output").read_text()


def _fault(block: Block, printed: str) -> str | None:
    fault = None if block.saves else block.fault(printed)
    return f"{block.page}, block {block.number}: {fault}" if fault else None


def test_each_block_that_can_be_run_prints_what_its_page_says(tenant: Tenant, tmp_path: Path) -> None:
    mine = {
        "live_key": tenant.key,
        "test_key": tenant.create_key(livemode=False),
        "agent_id": tenant.agent.id,
    }
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local" / "stack.json").write_text(json.dumps(tenant.stack.file() | mine))
    together = [QUICK_START, *(page for page in GUIDES if page != _ALONE and blocks_of(page))]
    with ThreadPoolExecutor(_PAGES_AT_ONCE) as pool:
        found = list(pool.map(lambda page: faults_of(page, tmp_path, _NOT_USED), together))
    # A port that the local stage may call, and that no other test has: it was free a moment ago.
    with receiver() as taken:
        port = taken.port
    found.append(faults_of(_ALONE, tmp_path, port))
    assert [fault for faults in found for fault in faults] == []
