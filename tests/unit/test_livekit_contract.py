"""The LiveKit in memory and the stand-in keep one contract; `make test-livekit` tries it on a real server."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from livekit import api
from livekit.api import LiveKitAPI

from tests.support.fake_livekit import FakeLiveKit
from tests.support.livekit_contract import LiveKitContract, Subject
from tests.unit.fixtures_stand_in import KEY, SECRET, RunningStandIn
from trunkline.livekit.client import LiveKitClient, dial_token, open_session
from trunkline.livekit.credentials import LiveKitCredentials

TRUNK = api.SIPOutboundTrunkInfo(name="t", address="carrier.test", numbers=["+15550109001"])


class TestFakeLiveKit(LiveKitContract):
    @pytest.fixture
    async def subject(self) -> Subject:
        livekit = FakeLiveKit()

        def let_ring() -> None:
            livekit.answer_after_s = 30

        async def stop() -> None:
            livekit.is_down = True

        return Subject(livekit, lambda: len(livekit.invites), let_ring, stop)


class TestStandIn(LiveKitContract):
    @pytest.fixture
    async def subject(self, stand_in: RunningStandIn, livekit: LiveKitAPI) -> AsyncIterator[Subject]:
        credentials = LiveKitCredentials(stand_in.url, KEY, SECRET)
        made = await livekit.sip.create_outbound_trunk(api.CreateSIPOutboundTrunkRequest(trunk=TRUNK))
        async with open_session() as session:
            yield Subject(
                livekit=LiveKitClient(credentials, session),
                # LiveKit repeats one whose credentials are refused, within the same call.
                invites=lambda: len({each["sip_call_id"] for each in stand_in.invites()}),
                let_ring=lambda: None,
                stop=stand_in.stop,
                trunk_id=made.sip_trunk_id,
                token=dial_token(credentials, 60),
            )
