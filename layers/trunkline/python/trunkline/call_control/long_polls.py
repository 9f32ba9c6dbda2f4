"""Long polls: how many requests wait for a call to change at once, over all instances of the API.

A request that waits keeps a concurrent execution of the API for up to 25 s. So it takes one of a fixed number
of slots first, and where it finds none, the response comes at once. A slot is an item that is taken by one
conditional write and freed by another. One whose request died is free again when its lease ends.

A tenant may take half of the slots, which half depends on its id: one tenant alone never takes them all.
This is shuffle sharding, as Kubernetes' API Priority and Fairness does it:
https://kubernetes.io/docs/concepts/cluster-administration/flow-control
"""

from __future__ import annotations

import hashlib
import random
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from boto3.dynamodb.conditions import Attr

from trunkline.core.clock import Clock
from trunkline.storage.keys.item import TTL
from trunkline.storage.keys.tenants import long_poll_key
from trunkline.storage.table import ABSENT, ConditionFailed, Delete, Put, Table

MIN_POLL_AFTER_S, MAX_POLL_AFTER_S = 3, 7
"""When to ask again after a response that came at once: spread, so that clients do not come back together."""

_MARGIN_MS = 5_000
"""A lease outlasts the wait by this: reading and responding take time, and clocks differ a little."""

_TRIES = 4

_random = random.SystemRandom()
"""Environments that Lambda restores from one snapshot would share the state of `random`.
https://docs.aws.amazon.com/lambda/latest/dg/snapstart-uniqueness.html"""


def slots_of(tenant_id: str, slots: int) -> Sequence[int]:
    """Return the numbers of the slots that a tenant may take: half of them, from a place of its own."""
    first = int.from_bytes(hashlib.sha256(tenant_id.encode()).digest()[:8]) % slots
    return [(first + step) % slots for step in range(max(1, slots // 2))]


@dataclass(frozen=True)
class LongPolls:
    """Hands out slots. `slots` is their number, and `draw` chooses in which order some of them are tried."""

    table: Table
    clock: Clock
    slots: int
    draw: Callable[[Sequence[int], int], list[int]] = _random.sample

    @contextmanager
    def slot(self, tenant_id: str, wait_s: int) -> Iterator[bool]:
        """Hold a slot for as long as the block runs; yield False where none was found."""
        owner = uuid.uuid4().hex
        number = self._take(tenant_id, wait_s, owner)
        try:
            yield number is not None
        finally:
            if number is not None:
                self._free(number, owner)

    def poll_after_s(self) -> int:
        """Return in how many seconds a client that could not wait asks again."""
        return _random.randint(MIN_POLL_AFTER_S, MAX_POLL_AFTER_S)

    def _take(self, tenant_id: str, wait_s: int, owner: str) -> int | None:
        mine, now_ms = slots_of(tenant_id, self.slots), self.clock.wall_ms()
        until_ms = now_ms + wait_s * 1000 + _MARGIN_MS
        lease = {"until_ms": until_ms, "owner": owner, TTL: until_ms // 1000}
        free = ABSENT | Attr("until_ms").lt(now_ms)
        for number in self.draw(mine, min(_TRIES, len(mine))):
            try:
                self.table.write(Put(long_poll_key(number).as_item() | lease, condition=free))
            except ConditionFailed as failed:
                # The SDK may repeat a write that had succeeded.
                if (failed.item or {}).get("owner") != owner:
                    continue
            return number
        return None

    def _free(self, number: int, owner: str) -> None:
        """Free a slot, unless its lease ended and another request took it."""
        with suppress(ConditionFailed):
            self.table.write(Delete(long_poll_key(number), condition=Attr("owner").eq(owner)))
