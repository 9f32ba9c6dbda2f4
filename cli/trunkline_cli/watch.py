"""A watcher that follows a call until it ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from trunkline_cli.api import ApiClient

_POLL_INTERVAL_S = 0.1
_IN_TURN = {None, "in_line", "preparing"}
_TERMINAL_STATUSES = {"completed", "failed", "cancelled"}


def waits_for(call: dict[str, Any]) -> str:
    """Return what holds a call back, an empty text if it only waits for its turn."""
    state = call["queue_state"]
    return "" if state in _IN_TURN else str(state)


def watch(
    api: ApiClient, call_id: str, timeout_s: float, sleep: Callable[[float], None] = time.sleep
) -> Iterator[dict[str, Any]]:
    """Yield the call whenever its status, why it waits, or one of its ids changes, until it has ended.

    Raises:
        ApiError: the call cannot be read.
        TimeoutError: the call has not ended within `timeout_s` seconds.
    """
    deadline_s = time.monotonic() + timeout_s
    last_seen: tuple[Any, ...] = ()
    while time.monotonic() < deadline_s:
        call = api.get_call(call_id)
        data = call["data"]
        current = (
            *(data["status"], waits_for(call)),
            *(data["roomId"], data["jobId"], data["sipParticipantId"]),
        )
        if current != last_seen:
            last_seen = current
            yield call
        if data["status"] in _TERMINAL_STATUSES:
            return
        sleep(_POLL_INTERVAL_S)
    raise TimeoutError(f"call {call_id} has not ended after {timeout_s:.0f} s")
