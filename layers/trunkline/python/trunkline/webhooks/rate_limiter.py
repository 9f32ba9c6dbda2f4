"""Rate limiter of an endpoint: when each of its requests may start.

One item holds the endpoint's two clocks. `next_us` is the next free start: a delivery that comes while it is
near takes it and waits for it in the process. `ticket_us` spreads those that come while it is far over the
time to come: each comes back at its ticket, where the next start is near again. So the starts are used
without gaps, and never more of them than the limit allows.
"""

from __future__ import annotations

from dataclasses import dataclass

from boto3.dynamodb.conditions import Attr

from trunkline.storage.keys.item import TTL
from trunkline.storage.keys.webhooks import webhook_rate_key
from trunkline.storage.table import ConditionFailed, Table, Update
from trunkline.webhooks.models import Endpoint
from trunkline.webhooks.ticket_clock import TicketClock

_GUARD = 1.03
"""Starts are spaced a little wider than the limit asks for, which absorbs `MAX_LATE_MS` of lateness."""

MAX_LATE_MS = 25
"""A request that would start later gives its start up: it would come too near to those after it."""

_MAX_AHEAD_US = 1_000_000
"""An execution waits whole seconds: whoever wakes up may be a second early."""

_MAX_STARTS_AHEAD = 50
"""A tenant's slots. Above 50 requests a second they cover less than the whole second of an execution's wait,
so that under load some starts stay unused."""

_MIN_STARTS_AHEAD = 2
_TICKET_SHARE = 0.97
"""Tickets are a little denser than starts, so that somebody always waits for the next start."""

_TTL_S = 86_400


@dataclass(frozen=True)
class Start:
    """A start at `at_ms`, or None where a delivery must come back after `wait_s` seconds.

    `turn` counts the endpoint's starts. It is None without a limit.
    """

    at_ms: int
    turn: int | None = None
    wait_s: float = 0.0

    def is_late(self, now_ms: int) -> bool:
        """Tell whether a request would start too late; only a limit makes one late."""
        return self.turn is not None and now_ms - self.at_ms > MAX_LATE_MS


@dataclass(frozen=True)
class EndpointRateLimiter:
    """Reserves starts. What a crash reserved stays unused."""

    table: Table

    def reserve(self, endpoint: Endpoint, now_ms: int) -> Start:
        """Reserve the endpoint's next start, or say how long to wait before asking again."""
        if not endpoint.rate_limit_per_s:
            return Start(now_ms)
        spacing_us = spacing_us_of(endpoint.rate_limit_per_s)
        now_us, ahead_us = now_ms * 1000, _ahead_us(spacing_us)
        start_us = self._take_next(endpoint, spacing_us, now_us, now_us + ahead_us)
        if start_us is not None:
            return Start(-(-start_us // 1000), turn=start_us // spacing_us)
        ticket_us = TicketClock(self.table).take(
            webhook_rate_key(endpoint.id), round(spacing_us * _TICKET_SHARE), now_us + ahead_us
        )
        return Start(0, wait_s=(ticket_us - now_us - ahead_us / 2) / 1_000_000)

    def _take_next(self, endpoint: Endpoint, spacing_us: int, now_us: int, until_us: int) -> int | None:
        key, next_us = webhook_rate_key(endpoint.id), Attr("next_us")
        near = next_us.gt(now_us) & next_us.lt(until_us)
        try:
            after = self.table.write(Update(key, add={"next_us": spacing_us}, condition=near))
            return int((after or {})["next_us"]) - spacing_us
        except ConditionFailed as error:
            if error.item and error.item.get("next_us", 0) >= until_us:
                return None
        kept = {"next_us": now_us + spacing_us, TTL: now_us // 1_000_000 + _TTL_S}
        past = next_us.not_exists() | next_us.lt(now_us + 1)
        try:
            self.table.write(Update(key, set=kept, condition=past))
        except ConditionFailed:
            return None
        return now_us


def spacing_us_of(rate_per_s: int) -> int:
    """Return the time from one start to the next, in µs."""
    return -(-round(1_000_000 * _GUARD) // rate_per_s)


def _ahead_us(spacing_us: int) -> int:
    """Return how far ahead a start may be reserved, in µs: the time for which processes wait for it."""
    return max(_MIN_STARTS_AHEAD * spacing_us, min(_MAX_AHEAD_US, _MAX_STARTS_AHEAD * spacing_us))
