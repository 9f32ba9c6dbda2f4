"""A real livekit-server keeps the contract of the LiveKit in memory and the stand-in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import ExitStack

import pytest

from local.config import for_tests
from local.real_livekit import BINARY, real_livekit
from tests.support.livekit_contract import LiveKitContract, Subject
from trunkline.livekit.client import LiveKitClient, dial_token, open_session
from trunkline.livekit.credentials import LiveKitCredentials


class TestRealServer(LiveKitContract):
    """It has neither a SIP trunk nor an agent: what needs one is skipped."""

    @pytest.fixture
    async def subject(self) -> AsyncIterator[Subject]:
        if not BINARY.exists():
            pytest.skip("NO REAL LIVEKIT: `make test-livekit` builds one where Go is installed")
        with ExitStack() as running:
            config = running.enter_context(real_livekit(for_tests("livekit-contract")))
            credentials = LiveKitCredentials(*config.livekit)

            async def stop() -> None:
                running.close()

            async with open_session() as session:
                yield Subject(
                    livekit=LiveKitClient(credentials, session),
                    invites=lambda: 0,
                    let_ring=lambda: None,
                    stop=stop,
                    token=dial_token(credentials, 60),
                    has_carrier=False,
                    has_agents=False,
                )
