"""A call whose agent is lost, and the handler of LiveKit's events about it."""

from __future__ import annotations

from typing import Any

from tests.support.builders import make_web_call
from tests.support.clocks import NOW_MS, ManualClock
from tests.support.stubs import NullRoomActions, RecordedWakeups, make_notifier
from trunkline.calls.model import Call
from trunkline.calls.news import NewsDesk
from trunkline.calls.states import State
from trunkline.calls.store import CallStore
from trunkline.errors import LiveKitFailed
from trunkline.livekit.names import ClaimName
from trunkline.livekit.webhooks import News
from trunkline.table import Table


class LostAgentHarness:
    """An active call whose agent is gone."""

    def __init__(self, table: Table, call: Call, *, others: bool = False, broken: bool = False) -> None:
        self.calls, self.asked = CallStore(table), list[str]()
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
        self.handler = NewsDesk(
            self.calls, make_notifier(RecordedWakeups(), clock), clock, lambda _: False, reach
        )
        self.calls.accept(call)
        self.id = call.id

    def lose(self, event_id: str = "EV_1", reason: str = "CONNECTION_TIMEOUT") -> Call:
        claim = ClaimName(self.id, 1)
        self.handler.take(
            News("participant_left", claim, event_id, agent_job_id="AJ_1", disconnect_reason=reason)
        )
        found = self.calls.load(self.id)
        assert found is not None
        return found


def make_active_call(**changes: Any) -> Call:
    values: dict[str, Any] = {"state": State.ACTIVE, "answered_at_ms": NOW_MS, "agent_job_id": "AJ_1"}
    return make_web_call(**(values | {"caller_joined_at_ms": NOW_MS} | changes))
