"""The HTTP API: routes for tenants, for agents and for LiveKit's webhooks."""

from __future__ import annotations

import json

from aws_cdk import Acknowledgment, RemovalPolicy, Stack, Validations
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infrastructure.python_function import Runtime

LIVEKIT_WEBHOOK_PATH = "/livekit/webhook"
_ACCESS_LOG = {
    "requestId": "$context.requestId",
    "method": "$context.httpMethod",
    "route": "$context.routeKey",
    "status": "$context.status",
    "latency_ms": "$context.responseLatency",
    "integration_error": "$context.integrationErrorMessage",
}


class HttpApi(Construct):
    """Routes LiveKit's webhooks to `livekit_webhook`, agents to `agent_api`, all else to `api`."""

    def __init__(self, scope: Construct, name: str, runtime: Runtime) -> None:
        super().__init__(scope, name)
        self.api = apigateway.HttpApi(self, "Api", create_default_stage=False)
        self._stage(runtime)

    def open(self, *, api: lambda_.Alias, livekit_webhook: lambda_.Alias, agent_api: lambda_.Alias) -> None:
        """Connect the functions to their routes, once they know the address of the API."""
        tenants = self.api.add_routes(
            path="/{proxy+}",
            methods=[apigateway.HttpMethod.ANY],
            integration=integrations.HttpLambdaIntegration("Tenants", api),
        )
        livekit = self.api.add_routes(
            path=LIVEKIT_WEBHOOK_PATH,
            methods=[apigateway.HttpMethod.POST],
            integration=integrations.HttpLambdaIntegration("LiveKit", livekit_webhook),
        )
        agents = self.api.add_routes(
            path="/agent/v1/{proxy+}",
            methods=[apigateway.HttpMethod.ANY],
            integration=integrations.HttpLambdaIntegration("Agents", agent_api),
        )
        _suppress_authorizer(tenants, "The function checks the API key of every request, with its scope.")
        _suppress_authorizer(agents, "The function checks the agent's LiveKit token.")
        _suppress_authorizer(livekit, "The function checks LiveKit's signature over the raw body.")

    def _stage(self, runtime: Runtime) -> None:
        # Without this prefix each log adds to a resource policy of the account, which has 5,120 characters:
        # https://docs.aws.amazon.com/step-functions/latest/dg/bp-cwl.html
        access_log = logs.LogGroup(
            self,
            "AccessLog",
            log_group_name=f"/aws/vendedlogs/apis/{Stack.of(self).stack_name}",
            retention=runtime.retention,
            removal_policy=RemovalPolicy.DESTROY,
        )
        apigateway.CfnStage(
            self,
            "Stage",
            api_id=self.api.api_id,
            stage_name="$default",
            auto_deploy=True,
            access_log_settings=apigateway.CfnStage.AccessLogSettingsProperty(
                destination_arn=access_log.log_group_arn, format=json.dumps(_ACCESS_LOG)
            ),
        )


def _suppress_authorizer(routes: list[apigateway.HttpRoute], reason: str) -> None:
    for route in routes:
        Validations.of(route).acknowledge(
            Acknowledgment(id="AwsSolutions::AwsSolutions-APIG4", reason=reason)
        )
