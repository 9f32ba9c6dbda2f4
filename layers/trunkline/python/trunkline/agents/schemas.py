"""Request schema of an agent; the command line and the API share it."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from trunkline.agents.models import Agent, agent_id_for
from trunkline.calls.calling_policy import NO_REDIAL
from trunkline.calls.calling_policy_schemas import (
    REDIAL_MESSAGE,
    WINDOW_MESSAGE,
    RedialSpec,
    WindowSpec,
)
from trunkline.calls.value_objects import AgentLost
from trunkline.core.errors import InvalidRequest
from trunkline.core.field_types import Name, Number
from trunkline.core.validation import InputModel, ToolName
from trunkline.trunks.models import Trunk


class AgentSpec(InputModel):
    """A voice agent: the LiveKit worker to dispatch, its trunk and numbers, and its times in seconds.

    `ring_timeout_s` stays below the 80 s after which LiveKit ends the wait for an answer. `redial` and
    `calling_window` apply to calls that have none of their own.
    """

    messages: ClassVar[dict[str, str]] = {"redial": REDIAL_MESSAGE, "calling_window": WINDOW_MESSAGE}

    name: Name
    livekit_agent_name: Name
    type: Literal["voice", "chat"] = "voice"
    status: Literal["active", "inactive"] = "active"
    trunk: Annotated[str, Field(max_length=100)] | None = None
    phone_numbers: list[Number] = []
    wait_for_agent: bool = True
    agent_join_timeout_s: Annotated[int, Field(ge=1, le=60)] = 20
    ring_timeout_s: Annotated[int, Field(ge=5, lt=80)] = 45
    max_call_duration_s: Annotated[int, Field(ge=10, le=86_400)] = 3600
    agent_lost: Annotated[
        Literal["hang_up", "redispatch"], Field(description="What to do when the agent leaves unexpectedly.")
    ] = "hang_up"
    redial: RedialSpec | None = None
    calling_window: WindowSpec | None = None
    tools: Annotated[
        list[ToolName],
        Field(max_length=100, description="Tools of the agent, in addition to its workflow's."),
    ] = []

    @model_validator(mode="after")
    def _numbers_need_a_trunk(self) -> AgentSpec:
        if self.phone_numbers and not self.trunk:
            raise ValueError("phone_numbers need a trunk")
        return self

    def agent(self, tenant_id: str, trunk: Trunk | None) -> Agent:
        """Build the agent; without numbers of its own it calls from all of the trunk's.

        Raises:
            InvalidRequest: a number is not one of the trunk's.
        """
        numbers = tuple(self.phone_numbers) or (trunk.numbers if trunk else ())
        if trunk and (foreign := [number for number in numbers if number not in trunk.numbers]):
            raise InvalidRequest(f"{foreign[0]} is not one of trunk {trunk.name}'s numbers")
        return Agent(
            id=agent_id_for(tenant_id, self.name),
            tenant_id=tenant_id,
            name=self.name,
            type=self.type,
            status=self.status,
            livekit_agent_name=self.livekit_agent_name,
            trunk_id=trunk.id if trunk else None,
            phone_numbers=numbers,
            wait_for_agent=self.wait_for_agent,
            agent_join_timeout_s=self.agent_join_timeout_s,
            ring_timeout_s=self.ring_timeout_s,
            max_call_duration_s=self.max_call_duration_s,
            agent_lost=AgentLost(self.agent_lost),
            redial=self.redial.policy() if self.redial else NO_REDIAL,
            window=self.calling_window.window(()) if self.calling_window else None,
            tools=tuple(self.tools),
        )
