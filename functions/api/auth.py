"""Authentication of requests: API keys, sessions and scopes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from trunkline.auth.authenticator import AuthContext, Credentials
from trunkline.auth.principal import MODE_HEADER, Principal
from trunkline.auth.scopes import Scope
from trunkline.auth.sessions import COOKIE
from trunkline.calls.models import Call
from trunkline.core.errors import InvalidApiKey, RateLimited
from trunkline.core.logging import logger
from trunkline.core.rate_limit import RateLimitStatus
from trunkline.core.trace_context import HEADER, trace_id_of, trace_id_of_call
from trunkline.http_api.request import Request

from .bootstrap.access import authenticator

log = logger("api")
_CALL_PATH = re.compile(r"/api/v1/calls/(?P<id>[0-9a-fA-F-]{36})(/|$)")


@dataclass
class ApiRequest:
    """A request of a tenant. `auth` and `rate_limit` are known once it is authenticated; a request over the
    rate limit has the latter alone."""

    http: Request
    auth: AuthContext | None = None
    rate_limit: RateLimitStatus | None = None

    @property
    def principal(self) -> Principal:
        """Return the principal for which all work of the request is done.

        Raises:
            InvalidApiKey: the request is not authenticated.
        """
        if self.auth is None:
            raise InvalidApiKey
        return self.auth.principal

    def authenticate(self, scope: str | None) -> None:
        """Authenticate the request, count it and check that its key has the scope.

        Raises:
            InvalidApiKey, AddressNotAllowed, CrossSite: the credentials are missing, not valid, or must not
                be used from there.
            InvalidRequest, ModeNotAllowed: the mode of the request is none, or not one of theirs.
            RateLimited: the key has used up its requests of this minute.
            MissingScope: the key lacks the scope.
        """
        try:
            self.auth = authenticator().authenticate(credentials_of(self.http))
        except RateLimited as error:
            self.rate_limit = error.rate
            raise
        self.rate_limit = self.auth.rate
        self._add_log_keys()
        if scope is not None:
            self.principal.require(Scope(scope))

    def log_call(self, call: Call) -> None:
        """Add the call that the request created to its log lines."""
        log.append_keys(call_id=call.id, trace_id=call.trace_id)

    def _add_log_keys(self) -> None:
        actor, call = self.principal.actor, _CALL_PATH.match(self.http.path)
        trace_id = actor.trace_id or (trace_id_of_call(call["id"]) if call else None)
        log.append_keys(
            request_id=actor.request_id,
            call_id=call and call["id"],
            tenant_id=self.principal.tenant_id,
            key_id=actor.id,
            livemode=self.principal.livemode,
            trace_id=trace_id,
        )


def api_key_of(request: Request) -> str | None:
    """Return the key in `x-api-key` or `Authorization: Bearer`; the first counts if both are there."""
    if key := request.headers.get("x-api-key"):
        return key.strip()
    return request.bearer_token


def session_token_of(request: Request) -> str | None:
    """Return the token in the session cookie, among cookies of other programs with any values.

    Source: RFC 6265, 5.4: pairs are separated by semicolons. `http.cookies` stops at the first value that is
    not of its form, such as JSON.
    """
    for header in (*request.cookies, request.headers.get("cookie", "")):
        for pair in header.split(";"):
            name, _, value = pair.partition("=")
            if name.strip() == COOKIE and (token := value.strip().strip('"')):
                return token
    return None


def credentials_of(request: Request) -> Credentials:
    """Collect everything in a request that says who sent it."""
    return Credentials(
        method=request.method,
        address=request.source_ip,
        request_id=request.request_id,
        key=api_key_of(request),
        session=session_token_of(request),
        origin=request.headers.get("origin"),
        fetch_site=request.headers.get("sec-fetch-site"),
        host=request.headers.get("host", ""),
        trace_id=trace_id_of(request.headers.get(HEADER)) or "",
        mode=request.headers.get(MODE_HEADER),
    )
