"""Compliance policy of a call, applied when it is accepted and again before it is dialled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from boto3.dynamodb.conditions import Attr

from trunkline.calls.models import Call
from trunkline.calls.reasons import Reason
from trunkline.calls.value_objects import Channel
from trunkline.compliance.attempt_counter import AttemptCounter
from trunkline.compliance.number_rules import NumberRules, is_always_blocked
from trunkline.core.clock import Clock
from trunkline.core.errors import NumberNotAllowed
from trunkline.storage.keys.item import Item, ItemKey
from trunkline.storage.keys.resources import number_rules_key, suppression_keys
from trunkline.storage.table import ABSENT, Check, Table

_CACHE_MS = 60_000


@dataclass(frozen=True)
class CompliancePolicy:
    """Applies a tenant's number rules and suppression list to calls.

    Number rules are cached for a minute, so a change takes effect within a minute. The suppression list is
    read each time.
    """

    table: Table
    clock: Clock
    _cache: dict[str, tuple[int, NumberRules]] = field(default_factory=dict)

    def of(self, tenant_mode: str) -> NumberRules:
        """Return the number rules of a tenant and mode."""
        now_ms = self.clock.wall_ms()
        read_at_ms, rules = self._cache.get(tenant_mode, (0, NumberRules()))
        if now_ms - read_at_ms > _CACHE_MS:
            rules = NumberRules.parse(self.table.get(number_rules_key(tenant_mode)) or {})
            self._cache[tenant_mode] = (now_ms, rules)
        return rules

    def forget(self, tenant_mode: str) -> None:
        """Drop a tenant's rules from the cache."""
        self._cache.pop(tenant_mode, None)

    def conditions(self, call: Call) -> Sequence[Check]:
        """Return the conditions of the transaction that accepts a call: its number is not suppressed.

        They cost nothing for a tenant without a suppression list.

        Raises:
            NumberNotAllowed: the number must not be called, or has been called too often.
        """
        if call.channel is not Channel.PHONE:
            return ()
        number, rules = call.phone_number, self.of(call.tenant_mode)
        if reason := is_always_blocked(number) or rules.rejection_reason(number):
            raise NumberNotAllowed(reason)
        if self._is_capped_until_expiry(call, rules):
            raise NumberNotAllowed("called_too_often")
        if not rules.suppresses:
            return ()
        is_free = ABSENT | Attr("expires_ms").lt(self.clock.wall_ms())
        return [Check(key, is_free) for key in suppression_keys(call.tenant_mode, number)]

    def rejection_reason(self, call: Call) -> Reason | None:
        """Return why an accepted call must not be dialled, or None; costs one read.

        Numbers that are always blocked were never accepted.
        """
        if call.channel is not Channel.PHONE:
            return None
        if self.of(call.tenant_mode).rejection_reason(call.phone_number):
            return Reason.NUMBER_NOT_ALLOWED
        _, *suppressions = self.keys(call)
        found = self.table.get_all(suppressions) if suppressions[1:] else [self.table.get(suppressions[0])]
        return self.reason_by(call, None, *found)

    def keys(self, call: Call) -> tuple[ItemKey, ...]:
        """Return the keys of the items that decide on a call: the number rules, then its suppressions."""
        suppressions = suppression_keys(call.tenant_mode, call.phone_number)
        return (number_rules_key(call.tenant_mode), *suppressions)

    def reason_by(self, call: Call, rules: Item | None, *suppressions: Item | None) -> Reason | None:
        """Return why the items of `keys` forbid a call, or None; a missing item forbids nothing."""
        if NumberRules.parse(rules or {}).rejection_reason(call.phone_number):
            return Reason.NUMBER_NOT_ALLOWED
        now_ms = self.clock.wall_ms()
        is_suppressed = any(
            item is not None and item.get("expires_ms", now_ms) >= now_ms for item in suppressions
        )
        return Reason.SUPPRESSED if is_suppressed else None

    def next_allowed_ms(self, call: Call, now_ms: int) -> int:
        """Return when the tenant's frequency cap allows a call to ring; if that is now, count the attempt.

        A tenant without a cap costs no request.
        """
        cap = self.of(call.tenant_mode).cap if call.channel is Channel.PHONE else None
        return AttemptCounter(self.table).count(call, cap, now_ms) if cap else now_ms

    def _is_capped_until_expiry(self, call: Call, rules: NumberRules) -> bool:
        """Tell whether the cap allows no attempt before the call expires; other calls wait in the queue."""
        if rules.cap is None:
            return False
        allowed_ms = AttemptCounter(self.table).next_allowed_ms(call, rules.cap, self.clock.wall_ms())
        return allowed_ms >= call.expires_at_ms
