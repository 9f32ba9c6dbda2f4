"""Request schema of a trunk, shared by the command line and the API."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from trunkline.core.field_types import Name, Number
from trunkline.core.validation import InputModel
from trunkline.trunks.models import Trunk, trunk_id_for

MAX_CPS = 100
MIN_CPS = 0.1
CPS_MESSAGE = f"cps must be a whole number from 1 to {MAX_CPS}, or from {MIN_CPS} to below 1"


def _in_range(value: float) -> float:
    whole = value >= 1 and value == int(value)
    if not (MIN_CPS <= value <= MAX_CPS and (whole or value < 1)):
        raise ValueError("cps is out of range")
    return value


Cps = Annotated[float, AfterValidator(_in_range)]
MAX_CONCURRENT_CALLS = 100_000
Concurrent = Annotated[int, Field(ge=1, le=MAX_CONCURRENT_CALLS)]


class TrunkSpec(InputModel):
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
        return Trunk(
            id=trunk_id_for(livekit_project, self.sip_trunk_id),
            name=self.name,
            livekit_project=livekit_project,
            sip_trunk_id=self.sip_trunk_id,
            cps=self.cps,
            numbers=tuple(self.numbers),
            max_concurrent_calls=self.max_concurrent_calls,
            direct_share=self.direct_share,
        )
