"""Turns at the shared stack: tests use it together, or one uses it alone.

File locks, so that they hold across pytest-xdist's workers and end with the process that holds them.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def turn(folder: Path, *, alone: bool) -> Iterator[None]:
    """Wait for a turn, alone or with others, and keep it while the block lasts.

    Who wants to be alone closes the entrance first: else those who may be there together would never all be
    gone at the same time.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "entrance.lock").open("w") as entrance, (folder / "room.lock").open("w") as room:
        fcntl.flock(entrance, fcntl.LOCK_EX)
        fcntl.flock(room, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        fcntl.flock(entrance, fcntl.LOCK_UN)
        yield
