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

_NO_SUPPRESSION = {404: "The number is not on the suppression list."}

group = RouteGroup()


@group.get(
    "/api/v1/suppressions",
    operation_id="listSuppressions",
    summary="List the numbers that must not be called.",
    scope=Scope.RULES_READ,
)
def list_suppressions(request: ApiRequest, query: SuppressionQuery) -> SuppressionList:
    return compliance_service().list_suppressions(request.principal, query)


@group.post(
    "/api/v1/suppressions",
    operation_id="suppressNumbers",
    summary="Add numbers to the suppression list, until a time or permanently.",
    description="Takes effect at the next request, and for calls that wait: they fail as `suppressed`.",
    scope=Scope.RULES_WRITE,
    status=201,
    returns="The numbers are on the list.",
    example={"numbers": ["+15550100001"], "reason": "asked not to be called"},
)
def suppress(request: ApiRequest, body: Suppressions) -> Suppressed:
    return compliance_service().suppress(request.principal, body)


@group.get(
    "/api/v1/suppressions/{number}",
    operation_id="getSuppression",
    summary="Check whether a number is on the suppression list.",
    description="The leading + may be omitted.",
    scope=Scope.RULES_READ,
    errors=_NO_SUPPRESSION,
)
def get_suppression(request: ApiRequest, number: str) -> SuppressionView:
    return compliance_service().get(request.principal, number)


@group.delete(
    "/api/v1/suppressions/{number}",
    operation_id="releaseNumber",
    summary="Remove a number from the suppression list.",
    scope=Scope.RULES_WRITE,
    errors=_NO_SUPPRESSION,
)
def release(request: ApiRequest, number: str) -> Deleted:
    compliance_service().release(request.principal, number)
    return deleted(number)


@group.get(
    "/api/v1/number-rules",
    operation_id="getNumberRules",
    summary="Read which prefixes may be called, and how often a number.",
    scope=Scope.RULES_READ,
)
def get_number_rules(request: ApiRequest) -> NumberRulesView:
    return compliance_service().number_rules(request.principal)


@group.put(
    "/api/v1/number-rules",
    operation_id="putNumberRules",
    summary="Set which prefixes may be called, and how often a number.",
    description="The longest matching prefix decides. Takes effect within a minute, also for calls that "
    "wait. Emergency and premium-rate numbers are always blocked. Calls over `frequency_cap` wait until "
    "their number may be called again (`called_too_often`), or are rejected if they expire before that.",
    scope=Scope.RULES_WRITE,
    example={"allowed_prefixes": ["+49", "+1"], "denied_prefixes": ["+4915"]},
)
def put_number_rules(request: ApiRequest, body: NumberRulesSpec) -> NumberRulesView:
    return compliance_service().set_number_rules(request.principal, body)
