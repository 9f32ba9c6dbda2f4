"""Routes under `/api/v1/suppressions`, and `/api/v1/number-rules`."""

from __future__ import annotations

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from trunkline.auth.scopes import Scope
from trunkline.compliance.service import NumberRulesSpec, SuppressionQuery, Suppressions
from trunkline.core.validation import validated_query
from trunkline.http_api.responses import deleted

from .access import Asked, asked
from .answers import json_response
from .services import services

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]


def _who(scope: Scope) -> Asked:
    return asked(router.current_event, scope)


@router.post("/api/v1/suppressions")
def suppress() -> Response[str]:
    who = _who(Scope.RULES_WRITE)
    wish = who.body(Suppressions)
    return who.made("suppressions", wish, lambda: services().rules.suppress(who.principal, wish))


@router.get("/api/v1/suppressions")
def list_suppressions() -> Response[str]:
    who = _who(Scope.RULES_READ)
    query = validated_query(SuppressionQuery, router.current_event.query_string_parameters)
    return json_response(200, services().rules.page(who.principal, query))


@router.get("/api/v1/suppressions/<number>")
def get_suppression(number: str) -> Response[str]:
    return json_response(200, services().rules.get(_who(Scope.RULES_READ).principal, number))


@router.delete("/api/v1/suppressions/<number>")
def release(number: str) -> Response[str]:
    services().rules.release(_who(Scope.RULES_WRITE).principal, number)
    return json_response(200, deleted(number))


@router.get("/api/v1/number-rules")
def get_number_rules() -> Response[str]:
    return json_response(200, services().rules.rules(_who(Scope.RULES_READ).principal))


@router.put("/api/v1/number-rules")
def put_number_rules() -> Response[str]:
    who = _who(Scope.RULES_WRITE)
    return json_response(200, services().rules.set_rules(who.principal, who.body(NumberRulesSpec)))
