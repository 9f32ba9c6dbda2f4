"""When each number was rung, for tenants that cap it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from boto3.dynamodb.conditions import Attr

from trunkline.calls.models import Call
from trunkline.compliance.frequency_cap import FrequencyCap
from trunkline.storage.keys.item import TTL
from trunkline.storage.keys.resources import call_attempts_key
from trunkline.storage.table import ABSENT, ConditionFailed, Put, Table

_TRIES = 5
_BUSY_MS = 1_000


@dataclass(frozen=True)
class AttemptCounter:
    """Counts attempts by number; those of one number at the same time are counted one after the other."""

    table: Table

    def opens_ms(self, call: Call, cap: FrequencyCap, now_ms: int) -> int:
        """From when on a call may ring, as far as is known now: one GetItem."""
        return cap.opens_ms(_attempts(self._read(call)), now_ms)

    def count(self, call: Call, cap: FrequencyCap, now_ms: int) -> int:
        """Count a call's next attempt, however often it is taken from the line for it. Returns now; or the
        later moment at which it may ring, and then nothing was counted.

        What is counted and does not ring after all (the table fails, the call is cancelled) stays counted:
        a few fewer ring, never more.
        """
        mine = f"{call.id}#{len(call.attempts) + 1}"
        for _ in range(_TRIES):
            item = self._read(call)
            counted = cap.counted(_attempts(item), now_ms)
            counted.pop(mine, None)
            if (opens_ms := cap.opens_ms(counted, now_ms)) > now_ms:
                return opens_ms
            try:
                self._write(call, item, counted | {mine: now_ms}, (now_ms + cap.span_ms) // 1000 + 1)
            except ConditionFailed:
                continue
            return now_ms
        return now_ms + _BUSY_MS

    def _read(self, call: Call) -> Mapping[str, Any]:
        return self.table.get(call_attempts_key(call.tenant_mode, call.phone_number)) or {}

    def _write(self, call: Call, before: Mapping[str, Any], attempts: dict[str, int], ttl: int) -> None:
        item: dict[str, Any] = call_attempts_key(call.tenant_mode, call.phone_number).as_item()
        item |= {"attempts": attempts, "version": before.get("version", 0) + 1, TTL: ttl}
        unchanged = Attr("version").eq(before["version"]) if before else ABSENT
        self.table.write(Put(item, unchanged))


def _attempts(item: Mapping[str, Any]) -> Mapping[str, int]:
    return item.get("attempts") or {}
