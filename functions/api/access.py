"""Who is asking, and what they sent: the key of a request, as the outbound document lets it be sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

from trunkline.http.body import read_body, read_object
from trunkline.idempotency import Once
from trunkline.tenants.keys import ApiKeyStore, Principal, Scope
from trunkline.validation import InputModel, Model

_BEARER = "bearer "


@dataclass(frozen=True)
class Asked:
    """A request whose key has the right to what it asks for."""

    principal: Principal
    event: APIGatewayProxyEventV2

    def body(self, model: type[Model]) -> Model:
        """The body as its model; what is wrong with it is an `InvalidRequest`."""
        return read_body(model, self.event.body, is_base64=bool(self.event.is_base64_encoded))

    def body_or(self, model: type[Model]) -> Model:
        """The body as its model; without a body the model's defaults."""
        return self.body(model) if self.event.body else model()

    def object(self) -> dict[str, Any]:
        """The body, which must be a JSON object; its fields are somebody else's to check."""
        return read_object(self.event.body, is_base64=bool(self.event.is_base64_encoded))

    def once(self, route: str, request: InputModel) -> Once | None:
        """The use of an idempotency key, if there is one: it counts for tenant, mode and route."""
        scope = f"{self.principal.tenant_id}#{self.principal.livemode}#{route}"
        return Once.of(self.event.headers, scope, request.model_dump(mode="json"))


def key_of(headers: Mapping[str, str]) -> str | None:
    """The key in `x-api-key` or `Authorization: Bearer`; the first counts if both are there."""
    if key := headers.get("x-api-key"):
        return key.strip()
    authorization = headers.get("authorization") or ""
    if authorization.lower().startswith(_BEARER):
        return authorization[len(_BEARER) :].strip()
    return None


def asked(keys: ApiKeyStore, event: APIGatewayProxyEventV2, scope: Scope) -> Asked:
    """Authenticate a request and check its right to what it asks for.

    Raises:
        InvalidApiKey: nobody we know.
        MissingScope: known, but not allowed.
    """
    principal = keys.authenticate(key_of(event.headers))
    principal.require(scope)
    return Asked(principal, event)
