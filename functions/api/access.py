"""Who is asking, and what they sent: a request's key or session, as the outbound document has them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

from trunkline.auth.authenticator import AuthContext, Credentials
from trunkline.auth.principal import Principal
from trunkline.auth.scopes import Scope
from trunkline.auth.sessions import COOKIE
from trunkline.core.errors import RateLimited
from trunkline.core.logging import logger
from trunkline.core.rate_limit import RateLimitStatus
from trunkline.core.validation import InputModel, Model
from trunkline.http_api.request_body import read_body, read_object
from trunkline.storage.idempotency import IdempotencyKey

from .answers import json_response
from .services import services

log = logger("api")
_BEARER = "bearer "
_CALL = re.compile(r"/api/v1/calls/(?P<id>[0-9a-fA-F-]{36})(/|$)")


class RateNote:
    """What is left of the asking key's minute: every answer to the present request says so."""

    rate: RateLimitStatus | None = None

    def write(self, headers: dict[str, str]) -> None:
        """Say it, and forget it for the next request."""
        if self.rate:
            headers |= self.rate.headers(services().clock.wall_ms())
        self.rate = None


noted = RateNote()


@dataclass(frozen=True)
class Asked:
    """A request whose key has the right to what it asks for."""

    admitted: AuthContext
    event: APIGatewayProxyEventV2

    @property
    def principal(self) -> Principal:
        return self.admitted.principal

    def body(self, model: type[Model]) -> Model:
        """The body as its model; what is wrong with it is an `InvalidRequest`."""
        return read_body(model, self.event.body, is_base64=bool(self.event.is_base64_encoded))

    def body_or(self, model: type[Model]) -> Model:
        """The body as its model; without a body the model's defaults."""
        return self.body(model) if self.event.body else model()

    def object(self) -> dict[str, Any]:
        """The body, which must be a JSON object; its fields are somebody else's to check."""
        return read_object(self.event.body, is_base64=bool(self.event.is_base64_encoded))

    def once(self, route: str, request: InputModel | None) -> IdempotencyKey | None:
        """The use of an idempotency key, if there is one: it counts for tenant, mode and route."""
        scope = f"{self.principal.tenant_id}#{self.principal.livemode}#{route}"
        body = {} if request is None else request.model_dump(mode="json")
        return IdempotencyKey.of(self.event.headers, scope, body)

    def made(
        self, route: str, request: InputModel | None, work: Callable[[], Any], status: int = 201
    ) -> Response[str]:
        """Make something and answer with it; a repeat with the same idempotency key makes nothing."""
        once = self.once(route, request)
        answer = services().remembered.run(once, self.principal.tenant_id, work)
        return json_response(status, answer.body, replayed(answer.replayed))


def replayed(was: bool) -> dict[str, str]:
    """The header of an answer that another request got first."""
    return {"Idempotent-Replayed": "true"} if was else {}


def key_of(headers: Mapping[str, str]) -> str | None:
    """The key in `x-api-key` or `Authorization: Bearer`; the first counts if both are there."""
    if key := headers.get("x-api-key"):
        return key.strip()
    authorization = headers.get("authorization") or ""
    if authorization.lower().startswith(_BEARER):
        return authorization[len(_BEARER) :].strip()
    return None


def open_session_for(event: APIGatewayProxyEventV2) -> str | None:
    """The session's cookie."""
    for text in [*(event.get("cookies") or ()), event.headers.get("cookie") or ""]:
        try:
            cookie = SimpleCookie(text).get(COOKIE)
        except CookieError:
            continue
        if cookie and cookie.value:
            return cookie.value
    return None


def proof_of(event: APIGatewayProxyEventV2) -> Credentials:
    """What a request shows of who sends it."""
    http = event.request_context.http
    return Credentials(
        method=http.method,
        address=http.source_ip,
        request_id=str(event.request_context.request_id),
        key=key_of(event.headers),
        session=open_session_for(event),
        origin=event.headers.get("origin"),
        fetch_site=event.headers.get("sec-fetch-site"),
        host=event.headers.get("host") or "",
    )


def asked(event: APIGatewayProxyEventV2, scope: Scope | None) -> Asked:
    """Authenticate a request, count it, and check its right to what it asks for.

    Raises:
        InvalidApiKey, AddressNotAllowed, CrossSite: nobody we know, or not from there.
        RateLimited: the key has made its requests of this minute.
        MissingScope: known, but not allowed.
    """
    try:
        admitted = services().gatekeeper.authenticate(proof_of(event))
    except RateLimited as error:
        noted.rate = error.rate
        raise
    noted.rate = admitted.rate
    principal = admitted.principal
    about = {"tenant_id": principal.tenant_id, "key_id": principal.actor.id, "livemode": principal.livemode}
    call = _CALL.match(event.raw_path)
    log.append_keys(request_id=principal.actor.request_id, call_id=call and call["id"], **about)
    if scope is not None:
        principal.require(scope)
    return Asked(admitted, event)
