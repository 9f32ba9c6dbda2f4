"""The packet capture tells which trunk an INVITE request is for; without permission it says so."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from livekit.api import LiveKitAPI

from benchmarks.packet_capture import InviteCapture
from tests.unit.fixtures_stand_in import RunningStandIn, until
from tests.unit.test_stand_in_sip import a_trunk, dial_request

STAYS = "+15550100011"


async def test_each_invite_is_counted_on_its_trunk(stand_in: RunningStandIn, livekit: LiveKitAPI) -> None:
    with InviteCapture(urlsplit(stand_in.url).port or 0) as capture:
        if capture.times_s is None:
            assert capture.times_of("ST_1") is None
            pytest.skip("a capture needs root or CAP_NET_RAW")
        trunks = [await a_trunk(livekit) for _ in range(2)]
        for number, trunk in enumerate((trunks[0], trunks[1], trunks[0])):
            request = dial_request(trunk, STAYS)
            request.participant_identity = f"callee-{number}"
            await livekit.sip.create_sip_participant(request)
        await until(lambda: sum(len(capture.times_of(trunk) or []) for trunk in trunks) == 3)
    first, second = (capture.times_of(trunk) or [] for trunk in trunks)
    assert (len(first), len(second)) == (2, 1)
    assert first[0] < second[0] < first[1]
