"""A call whose agent is lost, and the handler of LiveKit's events about it."""

from __future__ import annotations

from typing import Any

from tests.support.builders import make_web_call
from tests.support.clocks import NOW_MS, ManualClock
from tests.support.stubs import NullRoomActions, RecordedWakeups, make_notifier
from trunkline.call_control.livekit_events import LiveKitEventHandler
from trunkline.calls.models import Call
from trunkline.calls.repository import CallRepository
from trunkline.calls.states import State
from trunkline.core.errors import LiveKitFailed
from trunkline.livekit.rooms import CallAttemptRef
from trunkline.livekit.webhooks import LiveKitEvent
from trunkline.storage.table import Table


class LostAgentHarness:
    """An active call whose agent is gone."""

    def __init__(self, table: Table, call: Call, *, others: bool = False, broken: bool = False) -> None:
        self.calls, self.asked = CallRepository(table), list[str]()
        clock = ManualClock()

        def dispatch(_: Call) -> None:
            if broken:
                raise LiveKitFailed
            self.asked.append("dispatch")

        reach = NullRoomActions(
            lambda _: self.asked.append("hang_up"),
            lambda _: self.asked.append("close_room"),
            lambda _: others,
            dispatch,
        )
        self.handler = LiveKitEventHandler(
            self.calls, make_notifier(RecordedWakeups(), clock), clock, lambda _: False, reach
        )
        self.calls.create(call)
        self.id = call.id

    def lose(self, event_id: str = "EV_1", reason: str = "CONNECTION_TIMEOUT") -> Call:
        claim = CallAttemptRef(self.id, 1)
        self.handler.handle(
            LiveKitEvent("participant_left", claim, event_id, agent_job_id="AJ_1", disconnect_reason=reason)
        )
        found = self.calls.load(self.id)
        assert found is not None
        return found


def make_active_call(**changes: Any) -> Call:
    values: dict[str, Any] = {"state": State.ACTIVE, "answered_at_ms": NOW_MS, "agent_job_id": "AJ_1"}
    return make_web_call(**(values | {"caller_joined_at_ms": NOW_MS} | changes))
