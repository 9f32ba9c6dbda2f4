"""What the template says of the HTTP API: its routes are throttled, each for itself."""

from __future__ import annotations

from typing import Any

from infrastructure.settings import StageSettings
from tests.infrastructure.templates import resources


def test_each_route_has_a_rate_of_its_own(template: dict[str, Any], settings: StageSettings) -> None:
    (stage,) = resources(template, "AWS::ApiGatewayV2::Stage").values()
    routes = {each["RouteKey"] for each in resources(template, "AWS::ApiGatewayV2::Route").values()}
    limits = {
        "ThrottlingRateLimit": settings.requests_per_s,
        "ThrottlingBurstLimit": settings.requests_burst,
    }
    assert "POST /livekit/webhook" in routes
    assert stage["RouteSettings"] == dict.fromkeys(routes, limits)
    assert stage["DefaultRouteSettings"] == limits


def test_the_stage_is_made_after_the_routes_that_it_throttles(template: dict[str, Any]) -> None:
    (stage,) = (each for each in template["Resources"].values() if each["Type"] == "AWS::ApiGatewayV2::Stage")
    assert set(resources(template, "AWS::ApiGatewayV2::Route")) <= set(stage["DependsOn"])


def test_no_throttle_is_above_what_an_account_has(settings: StageSettings) -> None:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html"""
    assert settings.requests_per_s <= 10_000
    assert settings.requests_burst <= 5_000
