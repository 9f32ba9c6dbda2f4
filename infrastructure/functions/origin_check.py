"""The `origin_check` function: lets through only what came by way of CloudFront."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_secretsmanager as secretsmanager

from infrastructure.public_address import ORIGIN_HEADER
from infrastructure.python_function import PythonFunction

if TYPE_CHECKING:
    from infrastructure.stack import TrunklineStack

_CACHE = Duration.hours(1)


def add_origin_check(
    stack: TrunklineStack, secret: secretsmanager.Secret
) -> authorizers.HttpLambdaAuthorizer:
    """Add the function, and return the authorizer of every route.

    API Gateway refuses a request without the header by itself, and keeps a decision by the header's value:
    the function runs once an hour. Source:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
    """
    built = PythonFunction(
        stack,
        "OriginCheck",
        runtime=stack.runtime,
        package="origin_check",
        environment={"ORIGIN_SECRET_ARN": secret.secret_arn},
        timeout_s=10,
        memory_mib=256,
    )
    secret.grant_read(built.role)
    return authorizers.HttpLambdaAuthorizer(
        "Origin",
        built.live,
        identity_source=[f"$request.header.{ORIGIN_HEADER}"],
        response_types=[authorizers.HttpLambdaResponseType.SIMPLE],
        results_cache_ttl=_CACHE,
    )
