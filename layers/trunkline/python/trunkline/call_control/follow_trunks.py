"""Following trunks: what all of a tenant's trunks do now, optionally waiting until that changes."""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, NotRequired

from pydantic import ConfigDict, Field
from typing_extensions import TypedDict

from trunkline.auth.principal import Principal
from trunkline.call_control.long_polls import LongPolls
from trunkline.call_control.patience import Patience
from trunkline.core.clock import Clock
from trunkline.core.timestamps import moment_ms
from trunkline.core.validation import Bounded, InputModel
from trunkline.dial_queue.trunk_activity import TrunkActivity, TrunkActivityService
from trunkline.statistics.repository import MAX_SECONDS

MAX_WAIT_S = 25
_LOOK_EVERY_S = 0.5
_CHEAP_TRUNKS = 3
"""Trunks that are looked at every half second: about thirty small queries."""

_MOVES_WITH_TIME = {"at", "starts_from", "starts"}


class FollowQuery(InputModel):
    """Query parameters of `GET /api/v1/activity`."""

    model_config = ConfigDict(strict=False)
    messages: ClassVar[dict[str, str]] = {
        "seconds": f"seconds must be a whole number from 1 to {MAX_SECONDS}",
        "wait": f"wait must be a whole number of seconds from 0 to {MAX_WAIT_S}",
        "after": "after must be the version of an earlier answer",
    }

    seconds: Annotated[int, Bounded(1, MAX_SECONDS), Field(description="How far `starts` goes back.")] = 120
    wait: int = Field(
        default=0,
        ge=0,
        le=MAX_WAIT_S,
        description="Seconds to wait until the version differs from `after`. The response comes at once, "
        "with `poll_after_s`, while too many requests wait.",
    )
    after: str | None = Field(
        default=None, pattern="^[0-9a-f]{16}$", description="The `version` that you know."
    )
    trunk_id: str | None = Field(default=None, max_length=64, description="This trunk alone.")


class ActivityList(TypedDict):
    """What trunks do now; `version` differs when anything but the time does.

    `poll_after_s` is there if a wait was cut short because too many requests wait: ask again in so many
    seconds.
    """

    data: list[TrunkActivity]
    version: str
    poll_after_s: NotRequired[int]


@dataclass(frozen=True)
class TrunkFollower:
    """Shows the activity of a tenant's trunks, and waits for it to change."""

    trunks: TrunkActivityService
    long_polls: LongPolls
    clock: Clock
    sleep: Callable[[float], None] = time.sleep

    def activity(self, principal: Principal, query: FollowQuery) -> ActivityList:
        """Return what the trunks do now.

        With `wait`, return when that is no longer of the version `after`, or the time is over.

        Raises:
            NotFound: `trunk_id` does not exist or is not the tenant's.
        """
        patience = Patience.of(query.wait, self.clock, self.sleep)
        found = self._look(principal, query)
        if not query.wait or found["version"] != query.after:
            return found
        with self.long_polls.slot(principal.tenant_id, query.wait) as may_wait:
            if may_wait:
                return patience.look_until(
                    lambda seen: seen["version"] != query.after,
                    found,
                    lambda: self._look(principal, query),
                    lambda seen: _pause_s(len(seen["data"])),
                )
        return {**found, "poll_after_s": self.long_polls.poll_after_s()}

    def _look(self, principal: Principal, query: FollowQuery) -> ActivityList:
        if query.trunk_id is None:
            trunks = self.trunks.all(principal, query.seconds)
        else:
            trunks = [self.trunks.get(principal, query.trunk_id, query.seconds)]
        return {"data": trunks, "version": activity_version(trunks)}


def activity_version(trunks: list[TrunkActivity]) -> str:
    """Return the version of what trunks do: it stays the same while only the time goes on."""
    text = json.dumps([_lasting(each) for each in trunks], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _lasting(trunk: TrunkActivity) -> dict[str, Any]:
    """Return what is shown of a trunk without the time, and the second of its latest start."""
    lasting = {name: value for name, value in trunk.items() if name not in _MOVES_WITH_TIME}
    first_s = moment_ms(trunk["starts_from"]) // 1000
    started = [(first_s + index, count) for index, count in enumerate(trunk["starts"]) if count]
    return lasting | {"latest_start": started[-1] if started else None}


def _pause_s(trunks: int) -> float:
    """The more trunks a look reads, the rarer it is."""
    return _LOOK_EVERY_S * max(1, math.ceil(trunks / _CHEAP_TRUNKS))
