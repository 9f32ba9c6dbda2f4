"""Fixtures of the unit tests."""

from __future__ import annotations

from tests.unit.fixtures_stand_in import livekit, stand_in
