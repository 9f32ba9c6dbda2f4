"""The tests of this folder run once for each LiveKit."""

from __future__ import annotations

from tests.livekit.fixtures_demo import demo

__all__ = ["demo"]
