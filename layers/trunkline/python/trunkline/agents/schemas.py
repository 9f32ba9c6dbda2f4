"""What an operator declares of trunks and agents; the same models serve the command line and the API."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from trunkline.agents.repository import Agent, agent_id_for
from trunkline.calls.calling_policy import NO_REDIAL
from trunkline.calls.calling_policy_schemas import (
    REDIAL_MESSAGE,
    WINDOW_MESSAGE,
    RedialSpec,
    WindowSpec,
)
from trunkline.calls.value_objects import AgentLost
from trunkline.core.errors import InvalidRequest
from trunkline.core.validation import E164, InputModel, ToolName
from trunkline.trunks.models import Trunk, trunk_id_for

Number = Annotated[str, Field(pattern=E164)]
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]*$")]
MAX_CPS = 100
MIN_CPS = 0.1
CPS_MESSAGE = "cps must be a whole number from 1 to 100, or from 0.1 to below 1"


def _in_range(value: float) -> float:
    whole = value >= 1 and value == int(value)
    if not (MIN_CPS <= value <= MAX_CPS and (whole or value < 1)):
        raise ValueError("cps is out of range")
    return value


Cps = Annotated[float, AfterValidator(_in_range)]
Concurrent = Annotated[int, Field(ge=1, le=100_000)]


class _Spec(InputModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", allow_inf_nan=False)


class TrunkSpec(_Spec):
    """A LiveKit SIP outbound trunk: `cps` is the carrier's budget of INVITEs a second.

    `direct_share` is the share of pace and concurrency that batch calls leave free for direct ones.
    """

    messages: ClassVar[dict[str, str]] = {
        "cps": CPS_MESSAGE,
        "numbers": "numbers must be a list of E.164 numbers (+1234567890), at least one",
    }

    name: Name
    sip_trunk_id: Annotated[str, Field(pattern=r"^ST_[0-9A-Za-z]{1,40}$", description="LiveKit's id, ST_…")]
    cps: Cps
    numbers: Annotated[list[Number], Field(min_length=1)]
    max_concurrent_calls: Concurrent | None = None
    direct_share: Annotated[float, Field(ge=0, le=0.9)] = 0.0
    own_livekit: Annotated[bool, Field(description="Of the tenant's own LiveKit project.")] = False

    def trunk(self, livekit_project: str) -> Trunk:
        trunk_id = trunk_id_for(livekit_project, self.sip_trunk_id)
        numbers = tuple(self.numbers)
        return Trunk(
            id=trunk_id,
            name=self.name,
            livekit_project=livekit_project,
            sip_trunk_id=self.sip_trunk_id,
            cps=self.cps,
            numbers=numbers,
            max_concurrent_calls=self.max_concurrent_calls,
            direct_share=self.direct_share,
        )


class AgentSpec(_Spec):
    """A voice agent: the LiveKit worker to dispatch, its trunk and numbers, and its times in seconds.

    `ring_timeout_s` stays below the 80 s after which LiveKit ends the wait for an answer. `redial` and
    `calling_window` hold for calls that bring none of their own.
    """

    messages: ClassVar[dict[str, str]] = {"redial": REDIAL_MESSAGE, "calling_window": WINDOW_MESSAGE}

    name: Name
    livekit_agent_name: Name
    type: Literal["voice", "chat"] = "voice"
    status: Literal["active", "inactive"] = "active"
    trunk: str | None = None
    phone_numbers: list[Number] = []
    wait_for_agent: bool = True
    agent_join_timeout_s: Annotated[int, Field(ge=1, le=60)] = 20
    ring_timeout_s: Annotated[int, Field(ge=5, lt=80)] = 45
    max_call_duration_s: Annotated[int, Field(ge=10, le=86_400)] = 3600
    agent_lost: Annotated[
        Literal["hang_up", "redispatch"], Field(description="When it is gone, and not by its own choice.")
    ] = "hang_up"
    redial: RedialSpec | None = None
    calling_window: WindowSpec | None = None
    tools: Annotated[
        list[ToolName], Field(max_length=100, description="What it can use, beside its workflow's.")
    ] = []

    @model_validator(mode="after")
    def _numbers_need_a_trunk(self) -> AgentSpec:
        if self.phone_numbers and not self.trunk:
            raise ValueError("phone_numbers need a trunk")
        return self

    def agent(self, tenant_id: str, trunk: Trunk | None) -> Agent:
        """Make the agent; without numbers of its own it calls from all of the trunk's.

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
