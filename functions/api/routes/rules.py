"""Routes of suppressions and number rules."""

from __future__ import annotations

from trunkline.auth.scopes import Scope
from trunkline.compliance.service import (
    NumberRulesSpec,
    NumberRulesView,
    Suppressed,
    SuppressionList,
    SuppressionQuery,
    Suppressions,
    SuppressionView,
)
from trunkline.http_api.responses import Deleted, deleted
from trunkline.http_api.routing import RouteGroup

from ..auth import ApiRequest
from ..bootstrap.compliance import compliance_service

group = RouteGroup(not_found="The number is not on the suppression list.")


@group.get("/api/v1/suppressions", scope=Scope.RULES_READ)
def list_suppressions(request: ApiRequest, query: SuppressionQuery) -> SuppressionList:
    """List the numbers that must not be called."""
    return compliance_service().list_suppressions(request.principal, query)


@group.post(
    "/api/v1/suppressions",
    scope=Scope.RULES_WRITE,
    status=201,
    returns="The numbers are on the list.",
    example={"numbers": ["+15550100001"], "reason": "asked not to be called"},
)
def suppress_numbers(request: ApiRequest, body: Suppressions) -> Suppressed:
    """Add numbers to the suppression list, until a time or permanently.

    Takes effect at the next request, and for calls that wait: they fail as `suppressed`.
    """
    return compliance_service().suppress(request.principal, body)


@group.get("/api/v1/suppressions/{number}", scope=Scope.RULES_READ)
def get_suppression(request: ApiRequest, number: str) -> SuppressionView:
    """Check whether a number is on the suppression list.

    The leading + may be omitted.
    """
    return compliance_service().get(request.principal, number)


@group.delete("/api/v1/suppressions/{number}", scope=Scope.RULES_WRITE)
def release_number(request: ApiRequest, number: str) -> Deleted:
    """Remove a number from the suppression list."""
    compliance_service().release(request.principal, number)
    return deleted(number)


@group.get("/api/v1/number-rules", scope=Scope.RULES_READ)
def get_number_rules(request: ApiRequest) -> NumberRulesView:
    """Read which prefixes may be called, and how often a number."""
    return compliance_service().number_rules(request.principal)


@group.put(
    "/api/v1/number-rules",
    scope=Scope.RULES_WRITE,
    example={"allowed_prefixes": ["+49", "+1"], "denied_prefixes": ["+4915"]},
)
def put_number_rules(request: ApiRequest, body: NumberRulesSpec) -> NumberRulesView:
    """Set which prefixes may be called, and how often a number.

    The longest matching prefix decides. Takes effect within a minute, also for calls that wait. Emergency and
    premium-rate numbers are always blocked. Calls over `frequency_cap` wait until their number may be called
    again (`called_too_often`), or are rejected if they expire before that.
    """
    return compliance_service().set_number_rules(request.principal, body)
