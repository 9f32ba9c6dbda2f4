"""The example of an EventBridge Pipe from Kafka, loaded from its folder."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from local.config import ROOT

PIPE = Path(ROOT) / "examples" / "kafka-pipe"


def pipe_module() -> Any:
    spec = importlib.util.spec_from_file_location("kafka_pipe", PIPE / "pipe.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
