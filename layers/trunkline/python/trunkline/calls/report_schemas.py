"""Reports of an agent about its call: the body of `POST /agent/v1/calls/{id}/reports`."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator

from trunkline.calls.events import REPORTER, Turn
from trunkline.core.field_types import Moment
from trunkline.core.json_text import json_bytes
from trunkline.core.timestamps import moment_ms
from trunkline.core.validation import InputModel

MAX_VARIABLES_BYTES = 64 * 1024
MAX_TURNS = 1000
_MAX_FIGURES = 20
_MAX_COUNT = 10**12
_MAX_SEQUENCE = 99_999_999
_MAX_SUMMARY = 16_000
_Name = Annotated[str, Field(min_length=1, max_length=100)]
REPORTER_TEXT = "reporter must have 1 to 64 letters, digits, dots, underscores or hyphens"
Reporter = Annotated[str, Field(pattern=f"^{REPORTER}$")]
Sequence = Annotated[int, Field(ge=0, le=_MAX_SEQUENCE)]
_Count = Annotated[int, Field(ge=0, le=_MAX_COUNT)]
_Label = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,40}$")]
_ModelName = Annotated[str, Field(max_length=100)]


class Answered(InputModel):
    """The person is there and hears the agent."""

    type: Literal["answered"]


class TurnReport(InputModel):
    """One thing that was said; each reporter counts `sequence` for itself, which gives its order."""

    sequence: Sequence
    role: Literal["assistant", "user", "system", "tool"]
    content: str
    agent: _Name | None = None
    at: Moment | None = None

    def turn(self) -> Turn:
        return Turn(
            self.sequence, self.role, self.content, self.agent, moment_ms(self.at) if self.at else None
        )


class TranscriptReport(InputModel):
    """Turns; the same ones again change nothing, and the order of the reports does not matter."""

    type: Literal["transcript"]
    turns: Annotated[list[TurnReport], Field(min_length=1, max_length=MAX_TURNS)]

    @field_validator("turns")
    @classmethod
    def _each_number_once(cls, value: list[TurnReport]) -> list[TurnReport]:
        # Of two turns of one number and time, only one would be shown.
        if len({(turn.sequence, turn.at) for turn in value}) < len(set(value)):
            raise ValueError("two different turns have the same sequence")
        return value


class AgentChanged(InputModel):
    """Another agent has taken over."""

    type: Literal["agent_changed"]
    agent: _Name
    sequence: Annotated[Sequence, Field(description="Counts the changes that one reporter tells of.")]


class Variables(InputModel):
    """The workflow variables as they are now, all of them; an older report does not undo a newer one."""

    type: Literal["variables"]
    sequence: Sequence
    values: dict[str, Any]

    @field_validator("values")
    @classmethod
    def _bounded(cls, value: dict[str, Any]) -> dict[str, Any]:
        if json_bytes(value) > MAX_VARIABLES_BYTES:
            raise ValueError(f"values are larger than {MAX_VARIABLES_BYTES} bytes")
        return value


class Summary(InputModel):
    """What the call came to, in words."""

    type: Literal["summary"]
    text: Annotated[str, Field(min_length=1, max_length=_MAX_SUMMARY)]


class AnsweringMachine(InputModel):
    """Who picked up, in Trunkline's words or in those of LiveKit's answering machine detection."""

    type: Literal["answering_machine"]
    result: Literal[
        "human", "machine", "unknown", "machine-vm", "machine-ivr", "machine-unavailable", "uncertain"
    ]


class ModelUse(InputModel):
    """What a conversation used of one model."""

    kind: _Label
    provider: _ModelName
    model: _ModelName
    input_tokens: _Count = 0
    output_tokens: _Count = 0
    characters: _Count = 0
    audio_seconds: Annotated[float, Field(ge=0, le=_MAX_COUNT)] = 0.0
    requests: _Count = 0


class TurnLatency(InputModel):
    """How long something took, over the turns of a conversation in which it was measured."""

    of: _Label
    median_ms: _Count
    max_ms: _Count
    turns: _Count


class ConversationMetrics(InputModel):
    """Figures of the conversation, as the agent measured them; the last report of an attempt counts."""

    type: Literal["metrics"]
    models: Annotated[list[ModelUse], Field(max_length=_MAX_FIGURES)] = []
    latencies: Annotated[list[TurnLatency], Field(max_length=_MAX_FIGURES)] = []


class Ended(InputModel):
    """The agent ends the call: whoever is still in the room is shown out."""

    type: Literal["ended"]
    reason: Annotated[str, Field(min_length=1, max_length=200)] = "agent_hangup"


Report = Annotated[
    Answered
    | TranscriptReport
    | AgentChanged
    | Variables
    | Summary
    | AnsweringMachine
    | ConversationMetrics
    | Ended,
    Field(discriminator="type"),
]


class Reports(InputModel):
    """Reports in the order in which they are applied.

    `reporter` names the job of the agent that counts the `sequence` of its reports.
    """

    messages: ClassVar[dict[str, str]] = {"reporter": REPORTER_TEXT}

    reporter: Reporter | None = None

    reports: Annotated[list[Report], Field(min_length=1, max_length=100)]
