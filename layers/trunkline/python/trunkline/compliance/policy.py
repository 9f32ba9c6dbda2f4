"""The rules of a call: asked when it is accepted, and again before it is dialled."""

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
from trunkline.storage.keys.resources import number_rules_key, suppression_key
from trunkline.storage.table import ABSENT, Check, Table

_FRESH_MS = 60_000


@dataclass(frozen=True)
class CompliancePolicy:
    """Reads a tenant's number rules at most once a minute: a change counts a minute later at the latest. The
    suppression list is looked at each time."""

    table: Table
    clock: Clock
    _known: dict[str, tuple[int, NumberRules]] = field(default_factory=dict)

    def of(self, tenant_mode: str) -> NumberRules:
        """The number rules of a tenant and mode."""
        now_ms = self.clock.wall_ms()
        read_at_ms, rules = self._known.get(tenant_mode, (0, NumberRules()))
        if now_ms - read_at_ms > _FRESH_MS:
            rules = NumberRules.parse(self.table.get(number_rules_key(tenant_mode)) or {})
            self._known[tenant_mode] = (now_ms, rules)
        return rules

    def forget(self, tenant_mode: str) -> None:
        """Read a tenant's rules anew at their next use."""
        self._known.pop(tenant_mode, None)

    def checks(self, call: Call) -> Sequence[Check]:
        """What must hold in the transaction that accepts a call: its number is not suppressed. A tenant
        without a list pays nothing for it.

        Raises:
            NumberNotAllowed: it may not be called at all, or the tenant does not want it to be.
        """
        if call.channel is not Channel.PHONE:
            return ()
        number, rules = call.phone_number, self.of(call.tenant_mode)
        if why := is_always_blocked(number) or rules.why_not(number):
            raise NumberNotAllowed(why)
        if self._never_opens(call, rules):
            raise NumberNotAllowed("called_too_often")
        if not rules.suppresses:
            return ()
        key = suppression_key(call.tenant_mode, call.phone_number)
        return (Check(key, ABSENT | Attr("expires_ms").lt(self.clock.wall_ms())),)

    def why_not(self, call: Call) -> Reason | None:
        """Why a call that was accepted may not be dialled after all: one GetItem. What nobody may have called
        was never accepted."""
        if call.channel is not Channel.PHONE:
            return None
        if self.of(call.tenant_mode).why_not(call.phone_number):
            return Reason.NUMBER_NOT_ALLOWED
        item = self.table.get(suppression_key(call.tenant_mode, call.phone_number))
        holds = item is not None and item.get("expires_ms", self.clock.wall_ms()) >= self.clock.wall_ms()
        return Reason.SUPPRESSED if holds else None

    def opens_ms(self, call: Call, now_ms: int) -> int:
        """From when on a call may ring by the tenant's frequency cap: now, and then its attempt is counted.
        A tenant without a cap costs no request."""
        cap = self.of(call.tenant_mode).cap if call.channel is Channel.PHONE else None
        return AttemptCounter(self.table).count(call, cap, now_ms) if cap else now_ms

    def _never_opens(self, call: Call, rules: NumberRules) -> bool:
        """The number was rung too often for a call that ends by then; others are taken in, and wait."""
        if rules.cap is None:
            return False
        opens_ms = AttemptCounter(self.table).opens_ms(call, rules.cap, self.clock.wall_ms())
        return opens_ms >= call.expires_at_ms
