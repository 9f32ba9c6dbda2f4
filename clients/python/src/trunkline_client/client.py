"""The clients: all operations of the API, and the wait for the end of a call."""

from __future__ import annotations

import math
import time

import anyio

from trunkline_client._generated.async_operations import AsyncOperations
from trunkline_client._generated.operations import Operations
from trunkline_client.errors import TrunklineError
from trunkline_client.models import PolledCallView

LONGEST_POLL_S = 25
"""The longest `wait` of `GET /calls/{id}`."""
DEFAULT_WAIT_S = 3600.0


class WaitTimeout(TrunklineError, TimeoutError):
    """A call has not ended in the given time; `call` is what it was last."""

    def __init__(self, call: PolledCallView) -> None:
        super().__init__(f"call {call['call_id']} is still {call['status']}")
        self.call = call


class Trunkline(Operations):
    """A client of the API for threads: a method for each operation, and `iterate_…` for lists with pages."""

    def wait_until_ended(self, call_id: str, *, timeout_s: float = DEFAULT_WAIT_S) -> PolledCallView:
        """Wait until a call has ended, by long polls, and return it as it ended.

        Raises:
            WaitTimeout: it has not ended after `timeout_s` seconds. Calling this again goes on waiting.
        """
        deadline_s = time.monotonic() + timeout_s
        call = self.get_call(call_id)
        while call["ended_at"] is None:
            time.sleep(_pause_s(call, deadline_s))
            call = self.get_call(call_id, wait=_poll_s(deadline_s), after=call["last_event"])
        return call


class AsyncTrunkline(AsyncOperations):
    """A client of the API for event loops, with the methods of `Trunkline` as coroutines."""

    async def wait_until_ended(self, call_id: str, *, timeout_s: float = DEFAULT_WAIT_S) -> PolledCallView:
        """Wait until a call has ended, by long polls, and return it as it ended.

        Raises:
            WaitTimeout: it has not ended after `timeout_s` seconds. Calling this again goes on waiting.
        """
        deadline_s = time.monotonic() + timeout_s
        call = await self.get_call(call_id)
        while call["ended_at"] is None:
            await anyio.sleep(_pause_s(call, deadline_s))
            call = await self.get_call(call_id, wait=_poll_s(deadline_s), after=call["last_event"])
        return call


def _pause_s(call: PolledCallView, deadline_s: float) -> float:
    """Return the seconds before the next poll: what the API asks for while too many requests wait.

    Raises:
        WaitTimeout: the time is over.
    """
    left_s = deadline_s - time.monotonic()
    if left_s <= 0:
        raise WaitTimeout(call)
    return min(left_s, call.get("poll_after_s", 0))


def _poll_s(deadline_s: float) -> int:
    """Return the `wait` of the next poll: whole seconds."""
    return max(0, min(LONGEST_POLL_S, math.ceil(deadline_s - time.monotonic())))
