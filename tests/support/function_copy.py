"""A private copy of the API's function behind an address of its own: cold, with another environment."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from local.deployment import client
from local.stack import Stack
from tests.support import http
from tests.support.polling import GIVES_UP_AFTER_S

_API = "trunkline-local-api"


@contextmanager
def api_copy(stack: Stack, key: str, **environment: str) -> Iterator[httpx.Client]:
    """Deploy the API's function once more, changed in its environment; yield a client that speaks to it.

    Other tests go on with the function itself.
    """
    lambda_, gateway = client(stack.config, "lambda"), client(stack.config, "apigatewayv2")
    name = f"{_API}-{uuid.uuid4().hex[:8]}"
    original = lambda_.get_function(FunctionName=_API)
    configuration = original["Configuration"]
    variables = configuration["Environment"]["Variables"] | environment
    copied = {item: configuration[item] for item in ("Runtime", "Role", "Handler", "Timeout", "MemorySize")}
    arn = lambda_.create_function(
        FunctionName=name,
        Code={"ZipFile": http.get(original["Code"]["Location"]).content},
        Layers=[layer["Arn"] for layer in configuration["Layers"]],
        Environment={"Variables": variables},
        **copied,
    )["FunctionArn"]
    api_id = gateway.create_api(Name=name, ProtocolType="HTTP")["ApiId"]
    forward = {"IntegrationType": "AWS_PROXY", "PayloadFormatVersion": "2.0", "IntegrationUri": arn}
    integration = gateway.create_integration(ApiId=api_id, **forward)["IntegrationId"]
    gateway.create_route(ApiId=api_id, RouteKey="ANY /{proxy+}", Target=f"integrations/{integration}")
    gateway.create_stage(ApiId=api_id, StageName="$default", AutoDeploy=True)
    url, headers = stack.config.emulator_url, {"x-api-key": key, "Host": f"{api_id}.execute-api.localhost"}
    try:
        with httpx.Client(verify=http.TLS, base_url=url, headers=headers, timeout=GIVES_UP_AFTER_S) as api:
            yield api
    finally:
        gateway.delete_api(ApiId=api_id)
        lambda_.delete_function(FunctionName=name)
