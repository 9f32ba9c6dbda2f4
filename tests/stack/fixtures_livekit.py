"""The LiveKit stand-in, told how to behave."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from local.stack import Stack
from tests.support import http

Control = Callable[..., None]


@pytest.fixture
def control(stack: Stack) -> Control:
    """Tell the stand-in how to behave; `control("agents/x", joins_after_s=None)`."""

    def tell(path: str, **body: object) -> None:
        answer = http.put(f"{stack.config.livekit[0]}/_control/{path}", json=body, timeout=60)
        answer.raise_for_status()

    return tell
