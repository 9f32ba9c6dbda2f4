"""`make run LIVEKIT=real`: without the program it says what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from local import real_livekit
from local.config import StackConfig
from local.processes import CannotStart


def test_a_server_that_was_not_built_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(real_livekit, "BINARY", tmp_path / "livekit-server")
    config = StackConfig(tmp_path, 1, 2, 3)
    with pytest.raises(CannotStart, match="install Go"), real_livekit.real_livekit(config):
        pass
