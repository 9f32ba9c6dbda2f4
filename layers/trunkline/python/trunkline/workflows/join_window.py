"""Join window: how long a web call waits for somebody to join. Pure."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from trunkline.core.validation import Bounded

DEFAULT_JOIN_WINDOW_S = 900
JoinWindow = Annotated[
    int, Bounded(30, 86_400), Field(description="How long a web call waits for somebody to join.")
]
