"""What a client sees of LiveKit's dispatches: all fields of the documents, and no credentials."""

from __future__ import annotations

import json

from livekit.protocol.agent import Job
from livekit.protocol.agent_dispatch import AgentDispatch, AgentDispatchState
from livekit.protocol.models import ParticipantInfo, Room

from trunkline.livekit.dispatches import _view


def test_a_dispatch_shows_no_credentials_of_its_room() -> None:
    room = Room(sid="RM_1", name="r1", creation_time=1_795_000_000, turn_password="canary")
    job = Job(id="AJ_1", room=room, participant=ParticipantInfo(sid="PA_1"))
    shown = _view(AgentDispatch(id="AD_1", state=AgentDispatchState(jobs=[job])))
    assert "canary" not in json.dumps(shown)
    assert "turn_password" not in json.dumps(shown)
    seen = shown["state"]["jobs"][0]["room"]
    assert seen is not None
    assert (seen["sid"], seen["creation_time"]) == ("RM_1", 1_795_000_000)
