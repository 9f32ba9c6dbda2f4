"""Counter of the attempts to each number, for tenants with a frequency cap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from boto3.dynamodb.conditions import Attr

from trunkline.calls.models import Call
from trunkline.compliance.frequency_cap import FrequencyCap
from trunkline.storage.keys.item import PK, TTL
from trunkline.storage.keys.resources import call_attempts_keys
from trunkline.storage.table import ABSENT, ConditionFailed, Put, Table

_MAX_TRIES = 5
_CONTENTION_RETRY_MS = 1_000


@dataclass(frozen=True)
class AttemptCounter:
    """Counts attempts by number; concurrent attempts to one number are counted one after the other."""

    table: Table

    def next_allowed_ms(self, call: Call, cap: FrequencyCap, now_ms: int) -> int:
        """Return when a call may next ring, by the attempts counted so far; costs one read."""
        return cap.next_allowed_ms(_attempts(self._read(call)), now_ms)

    def count(self, call: Call, cap: FrequencyCap, now_ms: int) -> int:
        """Count a call's next attempt, once however often it is claimed.

        Returns `now_ms`, or the later time at which the call may ring; then nothing was counted. An attempt
        that is counted but does not ring (a failed write, a cancelled call) stays counted: a number may be
        rung less often than the cap allows, never more often.
        """
        attempt_id = f"{call.id}#{call.attempts_made + 1}"
        for _ in range(_MAX_TRIES):
            item = self._read(call)
            counted = cap.counted(_attempts(item), now_ms)
            counted.pop(attempt_id, None)
            if (allowed_ms := cap.next_allowed_ms(counted, now_ms)) > now_ms:
                return allowed_ms
            try:
                self._write(call, item, counted | {attempt_id: now_ms}, (now_ms + cap.span_ms) // 1000 + 1)
            except ConditionFailed:
                continue
            return now_ms
        return now_ms + _CONTENTION_RETRY_MS

    def _read(self, call: Call) -> Mapping[str, Any]:
        """Read the counted attempts, with those that an earlier version counted under another spelling."""
        first, *earlier = call_attempts_keys(call.tenant_mode, call.phone_number)
        if not earlier:
            return self.table.get(first) or {}
        found = self.table.get_all([first, *earlier])
        item = next((each for each in found if each[PK] == first.pk), {})
        attempts = {name: at_ms for each in found for name, at_ms in _attempts(each).items()}
        return {**item, "attempts": attempts}

    def _write(self, call: Call, before: Mapping[str, Any], attempts: dict[str, int], ttl: int) -> None:
        item: dict[str, Any] = call_attempts_keys(call.tenant_mode, call.phone_number)[0].as_item()
        item |= {"attempts": attempts, "version": before.get("version", 0) + 1, TTL: ttl}
        unchanged = Attr("version").eq(before["version"]) if "version" in before else ABSENT
        self.table.write(Put(item, unchanged))


def _attempts(item: Mapping[str, Any]) -> Mapping[str, int]:
    return item.get("attempts") or {}
