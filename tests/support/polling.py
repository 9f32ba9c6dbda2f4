"""Waiting for what a deployed stack does in its own time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")
GIVES_UP_AFTER_S = 120
"""How long to wait for anything; no figure of the product, only a bound for a test that would never end."""
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 0.5
_GROWS_BY = 1.3


def poll(
    look: Callable[[], Found], until: Callable[[Found], object], timeout_s: float = GIVES_UP_AFTER_S
) -> Found:
    """Look again and again, ever less often, until what is seen is as wanted; raise what was seen last."""
    deadline_s, pause_s = time.monotonic() + timeout_s, _FIRST_PAUSE_S
    while not until(found := look()):
        if time.monotonic() > deadline_s:
            raise AssertionError(f"not within {timeout_s} s: {found}")
        time.sleep(pause_s)
        pause_s = min(_LONGEST_PAUSE_S, pause_s * _GROWS_BY)
    return found
