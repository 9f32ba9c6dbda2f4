"""Figures of an agent's conversation: the use of its models, and how long a person waited for answers. Pure.

Sources in livekit-agents 1.8: `livekit/agents/metrics/usage.py` (`AgentSessionUsage`), and `MetricsReport` in
`livekit/agents/llm/chat_context.py`, whose times are in seconds.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from typing import Any, TypedDict

LATENCIES = {
    "e2e_latency": "end_to_end",
    "end_of_turn_delay": "end_of_turn",
    "transcription_delay": "transcription",
    "llm_node_ttft": "llm_first_token",
    "tts_node_ttfb": "tts_first_audio",
}
"""LiveKit's names of the times of a turn, and ours."""

_MAX_NAME_LENGTH = 100
_MAX_MODELS = 20


class ModelUse(TypedDict):
    """What the call used of one model; `kind` is llm, stt, tts or a further one of livekit-agents."""

    kind: str
    provider: str
    model: str
    input_tokens: int
    output_tokens: int
    characters: int
    audio_seconds: float
    requests: int


class Latency(TypedDict):
    """How long something took, over the turns in which it was measured."""

    of: str
    median_ms: int
    max_ms: int
    turns: int


class AgentMetrics(TypedDict):
    """Figures of a conversation."""

    models: list[ModelUse]
    latencies: list[Latency]


def model_use(usage: Any) -> ModelUse:
    """Return the use of a model from one entry of LiveKit's `AgentSessionUsage.model_usage`."""
    return {
        "kind": str(usage.type).removesuffix("_usage"),
        "provider": str(usage.provider)[:_MAX_NAME_LENGTH],
        "model": str(usage.model)[:_MAX_NAME_LENGTH],
        "input_tokens": getattr(usage, "input_tokens", 0),
        "output_tokens": getattr(usage, "output_tokens", 0),
        "characters": getattr(usage, "characters_count", 0),
        "audio_seconds": round(getattr(usage, "audio_duration", 0.0), 3),
        "requests": getattr(usage, "total_requests", 0),
    }


class ConversationMetrics:
    """Collects the figures of one conversation."""

    def __init__(self) -> None:
        self._models: list[ModelUse] = []
        self._took_s: dict[str, list[float]] = {}

    def use(self, model_usage: Iterable[Any]) -> None:
        """Take the use of all models so far, in place of what was known."""
        self._models = [model_use(usage) for usage in model_usage][:_MAX_MODELS]

    def turn(self, report: Mapping[str, Any]) -> None:
        """Add the times of one turn, in seconds, under LiveKit's names."""
        for theirs, ours in LATENCIES.items():
            took_s = report.get(theirs)
            if took_s is not None and took_s >= 0:
                self._took_s.setdefault(ours, []).append(took_s)

    def report(self) -> AgentMetrics | None:
        """Return the figures; None if there are none."""
        if not self._models and not self._took_s:
            return None
        return {"models": self._models, "latencies": [_latency(*each) for each in self._took_s.items()]}


def _latency(of: str, took_s: list[float]) -> Latency:
    return {
        "of": of,
        "median_ms": round(statistics.median(took_s) * 1000),
        "max_ms": round(max(took_s) * 1000),
        "turns": len(took_s),
    }
