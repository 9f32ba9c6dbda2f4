"""Use cases of compliance: the suppression list and the number rules of a tenant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field
from typing_extensions import TypedDict

from trunkline.auth.audit_log import audit_write, changed_fields
from trunkline.auth.principal import Principal
from trunkline.compliance.number_rules import NumberRules
from trunkline.compliance.policy import CompliancePolicy
from trunkline.core.clock import Clock
from trunkline.core.errors import InvalidRequest, NotFound
from trunkline.core.field_types import Moment, Number, Zone
from trunkline.core.pagination import MESSAGE, decode_cursor, encode_cursor
from trunkline.core.phone_numbers import canonical_number
from trunkline.core.timestamps import iso_from_ms, moment_ms
from trunkline.core.validation import E164, Bounded, InputModel, validated
from trunkline.storage.keys.item import SK, TTL, Item, ItemKey
from trunkline.storage.keys.resources import number_rules_key, suppression_key, suppression_keys
from trunkline.storage.table import Delete, Put, Table, Update

MAX_SUPPRESSIONS_PER_REQUEST = 1000
_NUMBERS_PER_TRANSACTION = 99
"""DynamoDB allows 100 actions in a transaction; one is the audit entry."""

_PREFIXES_MESSAGE = (
    "prefixes must be lists of at most 300 beginnings of E.164 numbers, for example +49 or +1900"
)
Prefixes = Annotated[list[Annotated[str, Field(pattern=r"^\+[1-9][0-9]{0,14}$")]], Field(max_length=300)]


class Suppressions(InputModel):
    """Numbers that must not be called, until a time or permanently."""

    messages: ClassVar[dict[str, str]] = {
        "numbers": f"numbers must be a list of 1 to {MAX_SUPPRESSIONS_PER_REQUEST} E.164 numbers",
        "expires_at": "expires_at must be an ISO 8601 time with its offset",
    }

    numbers: Annotated[list[Number], Field(min_length=1, max_length=MAX_SUPPRESSIONS_PER_REQUEST)]
    reason: Annotated[str, Field(max_length=200)] = ""
    expires_at: Moment | None = None


class SuppressionQuery(InputModel):
    """Query parameters of `GET /api/v1/suppressions`."""

    model_config = ConfigDict(strict=False)
    messages: ClassVar[dict[str, str]] = {
        "cursor": MESSAGE,
        "starts_with": "starts_with must be the beginning of an E.164 number, for example +1415",
    }

    limit: Annotated[int, Bounded(1, 1000), Field(description="Numbers in a page.")] = 100
    starts_with: Annotated[
        str | None,
        Field(pattern=r"^\+?[1-9][0-9]{0,14}$", description="The beginning of the numbers."),
    ] = None
    cursor: str | None = Field(default=None, description="The `next_cursor` of the previous page.")


class FrequencyCapSpec(InputModel):
    """At most `max_attempts` attempts to a number within any `per_hours` hours."""

    max_attempts: Annotated[int, Field(ge=1, le=100)]
    per_hours: Annotated[int, Field(ge=1, le=720)]


class NumberRulesSpec(InputModel):
    """Rules for the numbers that may be called.

    Without allowed prefixes, all numbers but those with a denied prefix are allowed.
    """

    messages: ClassVar[dict[str, str]] = {
        "allowed_prefixes": _PREFIXES_MESSAGE,
        "denied_prefixes": _PREFIXES_MESSAGE,
        "default_timezone": "default_timezone must be an IANA name, for example Europe/Berlin",
        "frequency_cap": "frequency_cap must have max_attempts (1 to 100) and per_hours (1 to 720)",
    }

    allowed_prefixes: Prefixes = []
    denied_prefixes: Prefixes = []
    frequency_cap: FrequencyCapSpec | None = None
    default_timezone: Annotated[
        Zone | None, Field(description="Time zone to assume when none can be derived from the number.")
    ] = None


class _SuppressionEntry(InputModel):
    messages: ClassVar[dict[str, str]] = {"number": "number must be in E.164 format (+1234567890)"}

    number: Number


class SuppressionView(TypedDict):
    """A number that must not be called."""

    number: str
    reason: str
    added_at: str
    expires_at: str | None


class SuppressionList(TypedDict):
    data: list[SuppressionView]
    next_cursor: str | None


class Suppressed(TypedDict):
    """The number of numbers that the request put on the list."""

    suppressed: int


class FrequencyCapView(TypedDict):
    max_attempts: int
    per_hours: int


class NumberRulesView(TypedDict):
    """Emergency and premium-rate numbers are never called, whatever these rules say."""

    allowed_prefixes: list[str]
    denied_prefixes: list[str]
    frequency_cap: FrequencyCapView | None
    default_timezone: str | None


@dataclass(frozen=True)
class ComplianceService:
    """Manages a tenant's suppression list and number rules, in the key's mode."""

    table: Table
    compliance: CompliancePolicy
    clock: Clock

    def suppress(self, principal: Principal, request: Suppressions) -> Suppressed:
        """Put numbers on the list, or replace their entries. A repeat completes a request that failed."""
        now_ms, numbers = self.clock.wall_ms(), sorted(set(map(canonical_number, request.numbers)))
        self.table.write(Update(number_rules_key(principal.tenant_mode), set={"suppresses": True}))
        self.compliance.forget(principal.tenant_mode)
        items = [_item(principal.tenant_mode, number, request, now_ms) for number in numbers]
        for first in range(0, len(items), _NUMBERS_PER_TRANSACTION):
            part: Sequence[Item] = items[first : first + _NUMBERS_PER_TRANSACTION]
            audit_entry = audit_write(principal, now_ms, "suppression.added", f"{len(part)} numbers")
            self.table.transact([*(Put(item) for item in part), audit_entry])
        return {"suppressed": len(numbers)}

    def list_suppressions(self, principal: Principal, query: SuppressionQuery) -> SuppressionList:
        """Return a page of the list, or of its numbers that start with something, sorted by number."""
        every = suppression_key(principal.tenant_mode)
        beginning = f"+{query.starts_with.removeprefix('+')}" if query.starts_with else ""
        # "!" sorts after the number itself, and before longer numbers that begin with it.
        after = f"{decode_cursor(query.cursor, E164)}!" if query.cursor else ""
        begin, end = f"{every.sk}{max(beginning, after)}", f"{every.sk}{beginning}~"
        # A cursor of another search may lie behind the end, where DynamoDB refuses to read.
        first = ItemKey(every.pk, min(begin, end))
        found = self.table.between(first, end, limit=query.limit + 1)
        more = len(found) > query.limit
        shown = [_view(item) for item in found[: query.limit]]
        return {"data": shown, "next_cursor": encode_cursor(shown[-1]["number"]) if more else None}

    def get(self, principal: Principal, number: str) -> SuppressionView:
        """Return the entry of a number.

        Raises:
            NotFound: the number is not on the list.
        """
        return _view(self._load(principal, number)[1])

    def release(self, principal: Principal, number: str) -> None:
        """Remove a number from the list.

        Raises:
            NotFound: the number is not on the list.
        """
        keys, item = self._load(principal, number)
        audit_entry = audit_write(principal, self.clock.wall_ms(), "suppression.removed", f"…{item[SK][-4:]}")
        self.table.transact([*map(Delete, keys), audit_entry])

    def number_rules(self, principal: Principal) -> NumberRulesView:
        """Return the number rules."""
        return _rules_view(NumberRules.parse(self.table.get(number_rules_key(principal.tenant_mode)) or {}))

    def set_number_rules(self, principal: Principal, spec: NumberRulesSpec) -> NumberRulesView:
        """Set the number rules; they take effect within a minute, also for queued calls."""
        rules, key = spec.model_dump(), number_rules_key(principal.tenant_mode)
        before = _rules_view(NumberRules.parse(self.table.get(key) or {}))
        changed = changed_fields(before, _rules_view(NumberRules.parse(rules)))
        audit_entry = audit_write(principal, self.clock.wall_ms(), "rules.changed", "numbers", changed)
        self.table.transact([Update(key, set=rules), audit_entry])
        self.compliance.forget(principal.tenant_mode)
        return _rules_view(NumberRules.parse(rules))

    def _load(self, principal: Principal, number: str) -> tuple[Sequence[ItemKey], Item]:
        try:
            entry = validated(
                _SuppressionEntry, {"number": number if number.startswith("+") else f"+{number}"}
            )
        except InvalidRequest as error:
            raise NotFound("Suppression not found") from error
        keys = suppression_keys(principal.tenant_mode, entry.number)
        found = self.table.get_all(keys)
        if not found:
            raise NotFound("Suppression not found")
        return keys, found[0]


def _item(tenant_mode: str, number: str, request: Suppressions, now_ms: int) -> dict[str, Any]:
    item: dict[str, Any] = suppression_key(tenant_mode, number).as_item()
    item |= {"number": number, "reason": request.reason, "added_at_ms": now_ms}
    if request.expires_at:
        expires_ms = moment_ms(request.expires_at)
        item |= {"expires_ms": expires_ms, TTL: expires_ms // 1000 + 1}
    return item


def _view(item: Item) -> SuppressionView:
    expires_ms = item.get("expires_ms")
    return {
        "number": item["number"],
        "reason": item["reason"],
        "added_at": iso_from_ms(item["added_at_ms"]),
        "expires_at": iso_from_ms(expires_ms) if expires_ms else None,
    }


def _rules_view(rules: NumberRules) -> NumberRulesView:
    cap = rules.cap
    return {
        "allowed_prefixes": list(rules.allowed_prefixes),
        "denied_prefixes": list(rules.denied_prefixes),
        "frequency_cap": {"max_attempts": cap.max_attempts, "per_hours": cap.per_hours} if cap else None,
        "default_timezone": rules.default_timezone,
    }
