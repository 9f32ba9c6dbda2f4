"""Request and response schemas of agent dispatches; keys are accepted in snake_case and camelCase."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AliasChoices, AliasGenerator, ConfigDict, Field
from pydantic.alias_generators import to_camel
from typing_extensions import TypedDict

from trunkline.core.validation import InputModel

MAX_DISPATCH_METADATA = 16_384


def _either(name: str) -> AliasChoices:
    """Accept both spellings of a key, as LiveKit does."""
    return AliasChoices(name, to_camel(name))


class NewDispatch(InputModel):
    """The body of `POST /calls/{id}/dispatches`: one of your agents, by its name or its LiveKit name.

    The metadata reaches the agent as it is; `room`, if it is given, must be the call's own.
    """

    model_config = ConfigDict(alias_generator=AliasGenerator(validation_alias=_either))
    messages: ClassVar[dict[str, str]] = {
        "agent_name": "agent_name must be 1 to 100 characters",
        "metadata": f"metadata must be a string of at most {MAX_DISPATCH_METADATA} characters",
        "restart_policy": "restart_policy must be JRP_ON_FAILURE or JRP_NEVER",
    }

    agent_name: Annotated[str, Field(min_length=1, max_length=100)]
    room: str | None = None
    metadata: Annotated[str, Field(max_length=MAX_DISPATCH_METADATA)] = ""
    restart_policy: Annotated[
        Literal["JRP_ON_FAILURE", "JRP_NEVER"], Field(description="LiveKit Cloud only.")
    ] = "JRP_ON_FAILURE"


class JobStateView(TypedDict):
    """Times are Unix seconds; zero: not yet."""

    status: str
    error: str
    started_at: int
    ended_at: int
    updated_at: int
    participant_identity: str
    worker_id: str
    agent_id: str


class JobView(TypedDict):
    """One agent job; `room` and `participant` are LiveKit's own objects."""

    id: str
    dispatch_id: str
    type: str
    room: dict[str, Any] | None
    participant: dict[str, Any] | None
    metadata: str
    agent_name: str
    state: JobStateView
    enable_recording: bool


class DispatchStateView(TypedDict):
    jobs: list[JobView]
    created_at: int
    deleted_at: int


class DispatchView(TypedDict):
    """LiveKit's AgentDispatch."""

    id: str
    agent_name: str
    room: str
    metadata: str
    state: DispatchStateView
    restart_policy: str


class DispatchList(TypedDict):
    """LiveKit's ListAgentDispatchResponse."""

    agent_dispatches: list[DispatchView]
