"""What the template says of the function that serves the dashboard: it has nothing to lose."""

from __future__ import annotations

from typing import Any

from infrastructure.settings import StageSettings, stage_settings
from tests.infrastructure.templates import (
    WITHOUT_DATA,
    actions_of,
    function,
    function_behind,
    names_in,
    package_of,
    resources,
)


def test_a_function_without_data_may_write_its_logs_and_nothing_else(template: dict[str, Any]) -> None:
    for package in WITHOUT_DATA:
        assert actions_of(template, package) == {"logs:CreateLogStream", "logs:PutLogEvents"}


def test_it_has_no_layer_and_no_variable_that_names_a_store(template: dict[str, Any]) -> None:
    dashboard = function(template, "dashboard")
    assert dashboard.get("Layers", []) == []
    assert not {name for name in dashboard["Environment"]["Variables"] if name.endswith(("_ARN", "_URL"))}
    assert "TABLE_NAME" not in dashboard["Environment"]["Variables"]


def test_it_serves_what_is_no_route_of_an_api(template: dict[str, Any]) -> None:
    routes = {
        each["RouteKey"]: _package_behind(template, each["Target"])
        for each in resources(template, "AWS::ApiGatewayV2::Route").values()
    }
    assert routes == {
        "ANY /": "dashboard",
        "ANY /{proxy+}": "dashboard",
        "ANY /api/{proxy+}": "api",
        "ANY /agent/{proxy+}": "api",
        "ANY /livekit/{proxy+}": "api",
        "ANY /agent/v1/{proxy+}": "agent_api",
        "POST /livekit/webhook": "livekit_webhook",
    }


def test_an_update_makes_the_routes_of_the_api_before_it_gives_all_other_paths_to_the_dashboard(
    template: dict[str, Any],
) -> None:
    """A stack of a version without a dashboard has one route for all paths, which the update turns over."""
    routes = {
        name: each
        for name, each in template["Resources"].items()
        if each["Type"] == "AWS::ApiGatewayV2::Route"
    }
    behind = {name: _package_behind(template, each["Properties"]["Target"]) for name, each in routes.items()}
    of_api = {name for name, package in behind.items() if package == "api"}
    for name, package in behind.items():
        if package == "dashboard":
            assert of_api <= set(routes[name]["DependsOn"])


def _package_behind(template: dict[str, Any], target: Any) -> str:
    """The package of the function that a route's integration invokes."""
    integration = target["Fn::Join"][1][1]["Ref"]
    uri = template["Resources"][integration]["Properties"]["IntegrationUri"]
    return package_of(template["Resources"][function_behind(template, uri)]["Properties"])


def test_its_pages_may_put_an_upload_and_read_nothing_of_the_bucket(template: dict[str, Any]) -> None:
    variables = function(template, "dashboard")["Environment"]["Variables"]
    (bucket,) = names_in(variables["UPLOAD_ORIGIN"])
    (rule,) = template["Resources"][bucket]["Properties"]["CorsConfiguration"]["CorsRules"]
    assert rule["AllowedMethods"] == ["PUT"]
    assert "ExposedHeaders" not in rule
    assert function(template, "api")["Environment"]["Variables"]["BATCH_BUCKET"] == {"Ref": bucket}


def test_no_page_of_another_site_may_put_an_upload(template: dict[str, Any]) -> None:
    """The stages differ: any port of the machine itself, or the API's own address."""
    for bucket in resources(template, "AWS::S3::Bucket").values():
        for rule in bucket.get("CorsConfiguration", {}).get("CorsRules", []):
            for origin in rule["AllowedOrigins"]:
                is_own = origin in ("http://localhost:*", "http://127.0.0.1:*")
                assert is_own or "AWS::ApiGatewayV2::Api" in {
                    template["Resources"][name]["Type"] for name in names_in(origin)
                }


def test_a_flood_of_requests_for_pages_takes_no_concurrency_of_calls() -> None:
    prod: StageSettings = stage_settings("prod")
    assert prod.reserved_concurrency()["dashboard"] < prod.api_at_once
