"""Stand-ins for collaborators that a test does not look at."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from trunkline.call_control.livekit_events import RoomActions
from trunkline.calls.models import Call
from trunkline.core.clock import Clock
from trunkline.core.item_guard import ItemGuard
from trunkline.core.logging import logger
from trunkline.dial_queue.messages import DialWakeup
from trunkline.dial_queue.notifier import LaneNotifier
from trunkline.livekit.rooms import CallAttemptRef
from trunkline.storage.encryption import EncryptionContext


class RecordedWakeups:
    """A dial queue that only records what was sent to it, watchdogs apart from the rest."""

    def __init__(self) -> None:
        self.sent: list[DialWakeup] = []
        self.delays_s: list[int] = []
        self.watchdog_delays_s: list[int] = []

    def send(self, wake: DialWakeup, delay_s: int = 0) -> None:
        if wake.watchdog:
            self.watchdog_delays_s.append(delay_s)
            return
        self.sent.append(wake)
        self.delays_s.append(delay_s)


def make_notifier(wakeups: RecordedWakeups, clock: Clock) -> LaneNotifier:
    return LaneNotifier(wakeups, clock, logger("test"))  # type: ignore[arg-type]


async def run_inline(work: Callable[..., Any], *args: Any) -> Any:
    """Run blocking work in place of a thread: moto is not thread-safe, and the order stays the same."""
    return work(*args)


class PlaintextCipher:
    """Writes the encryption context beside the values instead of encrypting them."""

    def encrypt(self, owner: EncryptionContext, values: dict[str, Any]) -> bytes:
        return repr((owner.context, values)).encode()

    def decrypt(self, owner: EncryptionContext, ciphertext: bytes) -> dict[str, Any]:
        context, values = ast.literal_eval(ciphertext.decode())
        assert context == owner.context
        return dict(values)


GUARD = ItemGuard("test", logger("test"))


class NullRoomActions(RoomActions):
    """Does nothing in LiveKit, unless the test says otherwise."""

    def __init__(
        self,
        hang_up: Callable[[CallAttemptRef], None] = lambda _: None,
        close_room: Callable[[CallAttemptRef], None] = lambda _: None,
        agent_is_in: Callable[[CallAttemptRef], bool] = lambda _: False,
        dispatch_again: Callable[[Call], None] = lambda _: None,
        check_at: Callable[[str, int], None] = lambda *_: None,
    ) -> None:
        super().__init__(hang_up, close_room, agent_is_in, dispatch_again, check_at)


class NullSimulation:
    """Fails if a live trunk is ever simulated."""

    def advance(self, trunk_id: str) -> int | None:
        raise AssertionError(f"{trunk_id} is a live trunk")
