"""The HTTP API: routes for tenants, for agents and for LiveKit's webhooks."""

from __future__ import annotations

import json
from typing import cast

from aws_cdk import Acknowledgment, RemovalPolicy, Stack, Validations
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infrastructure.python_function import Runtime
from infrastructure.settings import StageSettings

LIVEKIT_WEBHOOK_PATH = "/livekit/webhook"
_API_PATHS = ("/api/{proxy+}", "/agent/{proxy+}", "/livekit/{proxy+}")
_PAGE_PATHS = ("/", "/{proxy+}")
_ACCESS_LOG = {
    "requestId": "$context.requestId",
    "method": "$context.httpMethod",
    "route": "$context.routeKey",
    "status": "$context.status",
    "latency_ms": "$context.responseLatency",
    "integration_error": "$context.integrationErrorMessage",
}


class HttpApi(Construct):
    """Routes LiveKit's webhooks to `livekit_webhook`, agents to `agent_api`, other requests below `/api`,
    `/agent` and `/livekit` to `api`, and all else to `dashboard`."""

    def __init__(self, scope: Construct, name: str, runtime: Runtime, settings: StageSettings) -> None:
        super().__init__(scope, name)
        options = settings.options
        is_closed = bool(options.domain_name) and not options.cloudfront
        self.api = apigateway.HttpApi(
            self,
            "Api",
            create_default_stage=False,
            # With a domain of its own that no CloudFront serves, the API answers there alone. CloudFront
            # needs this address, and an update might keep the value of a property that is left out.
            # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-disable-default-endpoint.html
            disable_execute_api_endpoint=is_closed,
        )
        self.own_origins = [] if is_closed else [self.api.api_endpoint]
        self._settings = settings
        self.stage = self._make_stage(runtime)

    def open(
        self,
        *,
        api: lambda_.Alias,
        livekit_webhook: lambda_.Alias,
        agent_api: lambda_.Alias,
        dashboard: lambda_.Alias,
        authorizer: apigateway.IHttpRouteAuthorizer | None = None,
    ) -> None:
        """Connect the functions to their routes, once they know the address of the API."""
        to_api = integrations.HttpLambdaIntegration("Tenants", api)
        to_dashboard = integrations.HttpLambdaIntegration("Pages", dashboard)
        tenants, pages = (
            [
                route
                for path in paths
                for route in self.api.add_routes(
                    path=path,
                    methods=[apigateway.HttpMethod.ANY],
                    integration=integration,
                    authorizer=authorizer,
                )
            ]
            for paths, integration in ((_API_PATHS, to_api), (_PAGE_PATHS, to_dashboard))
        )
        for page in pages:
            # An update of an older stack turns its route of all paths over to pages: the API's come first.
            page.node.add_dependency(*tenants)
        livekit = self.api.add_routes(
            path=LIVEKIT_WEBHOOK_PATH,
            methods=[apigateway.HttpMethod.POST],
            integration=integrations.HttpLambdaIntegration("LiveKit", livekit_webhook),
            authorizer=authorizer,
        )
        agents = self.api.add_routes(
            path="/agent/v1/{proxy+}",
            methods=[apigateway.HttpMethod.ANY],
            integration=integrations.HttpLambdaIntegration("Agents", agent_api),
            authorizer=authorizer,
        )
        self._throttle([*tenants, *livekit, *agents, *pages])
        if authorizer:
            return
        _suppress_authorizer(tenants, "The function checks the API key of every request, with its scope.")
        _suppress_authorizer(pages, "The files are public, and the same for everybody: they hold no data.")
        _suppress_authorizer(agents, "The function checks the agent's LiveKit token.")
        _suppress_authorizer(livekit, "The function checks LiveKit's signature over the raw body.")

    def _throttle(self, routes: list[apigateway.HttpRoute]) -> None:
        """Give each route a rate of its own: a tenant that floods its route takes none from LiveKit's.

        A stage can't have settings of a route that is not there yet.
        https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html
        """
        self.stage.node.add_dependency(*routes)
        self.stage.route_settings = {route.route_key: self._limits() for route in map(_resource, routes)}

    def _limits(self) -> dict[str, int]:
        return {
            "ThrottlingRateLimit": self._settings.requests_per_s,
            "ThrottlingBurstLimit": self._settings.requests_burst,
        }

    def _make_stage(self, runtime: Runtime) -> apigateway.CfnStage:
        # Without this prefix each log adds to a resource policy of the account, which has 5,120 characters:
        # https://docs.aws.amazon.com/step-functions/latest/dg/bp-cwl.html
        access_log = logs.LogGroup(
            self,
            "AccessLog",
            log_group_name=f"/aws/vendedlogs/apis/{Stack.of(self).stack_name}",
            retention=runtime.retention,
            removal_policy=RemovalPolicy.DESTROY,
        )
        return apigateway.CfnStage(
            self,
            "Stage",
            api_id=self.api.api_id,
            stage_name="$default",
            auto_deploy=True,
            default_route_settings=apigateway.CfnStage.RouteSettingsProperty(
                throttling_rate_limit=self._settings.requests_per_s,
                throttling_burst_limit=self._settings.requests_burst,
            ),
            access_log_settings=apigateway.CfnStage.AccessLogSettingsProperty(
                destination_arn=access_log.log_group_arn, format=json.dumps(_ACCESS_LOG)
            ),
        )


def _resource(route: apigateway.HttpRoute) -> apigateway.CfnRoute:
    return cast("apigateway.CfnRoute", route.node.default_child)


def _suppress_authorizer(routes: list[apigateway.HttpRoute], reason: str) -> None:
    for route in routes:
        Validations.of(route).acknowledge(
            Acknowledgment(id="AwsSolutions::AwsSolutions-APIG4", reason=reason)
        )
