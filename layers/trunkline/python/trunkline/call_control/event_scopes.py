"""Which events a principal may read: those of what its scopes let it read elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

from trunkline.auth.principal import Principal
from trunkline.auth.scopes import Scope
from trunkline.call_control.event_query import EventQuery
from trunkline.core.errors import MissingScope
from trunkline.webhooks.events import EventType

_SCOPE_OF_GROUP: Mapping[str, Scope] = {
    "call": Scope.CALLS_READ,
    "trunk": Scope.TRUNKS_READ,
    "webhook": Scope.WEBHOOKS_READ,
}
"""The scope of the routes that show the same: `webhook.disabled` has the URL of the webhook, and so on."""


def readable_types(principal: Principal) -> frozenset[EventType]:
    """Return the types of the events that a principal may read."""
    return frozenset(each for each in EventType if principal.has(_scope_of(each.value)))


def require_some(principal: Principal, query: EventQuery) -> None:
    """Check that a query names at least one type that the principal may read, if it names types.

    Raises:
        MissingScope: it may read none of them; the scope of the one that is named first.
    """
    if query.type and not any(query.wants_type(each) for each in readable_types(principal)):
        raise MissingScope(_scope_of(query.type).value)


def _scope_of(pattern: str) -> Scope:
    """Return the scope of a type, or of the first of several patterns."""
    return _SCOPE_OF_GROUP[pattern.partition(".")[0]]
