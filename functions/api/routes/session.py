"""Routes of a web UI's session."""

from __future__ import annotations

from dataclasses import replace

from typing_extensions import TypedDict

from trunkline.auth.principal import Actor, Principal
from trunkline.auth.sessions import COOKIE, NewSession, SessionView, session_view
from trunkline.core.errors import CrossSite, InvalidApiKey
from trunkline.http_api.responses import Reply
from trunkline.http_api.routing import RouteGroup

from ..auth import ApiRequest, credentials_of, session_token_of
from ..bootstrap.access import authenticator, sessions
from ..bootstrap.tenant import user_pool


class Closed(TypedDict):
    """The session has ended."""

    closed: bool


group = RouteGroup()


@group.post(
    "/api/v1/session",
    public=True,
    idempotent=False,
    status=201,
    returns="The session; send its cookie `session` with every further request.",
    body_required=False,
    example={"api_key": "as_test_…", "expires_in_s": 3600},
)
def open_session(request: ApiRequest, body: NewSession) -> Reply[SessionView]:
    """Open a session of the web UI: exchange an API key, or an ID token of the deployment's user pool, for a
    cookie.

    The key may be in the body, or in a header as in every other request.
    """
    if not credentials_of(request.http).is_own_site:
        raise CrossSite
    principal, key_hash = _authenticate(request, body)
    token, view = sessions().open(principal, key_hash, body.expires_in_s)
    return Reply(view, cookies=(_cookie(token, body.expires_in_s),))


@group.get("/api/v1/session")
def get_session(request: ApiRequest) -> SessionView:
    """Read your own identity and rights.

    Accepts a key as well as a session.
    """
    token, expires_ms = session_token_of(request.http), None
    if token and request.principal.actor.kind == "session":
        expires_ms = sessions().find(token).expires_at_ms
    return session_view(request.principal, expires_ms)


@group.delete("/api/v1/session")
def close_session(request: ApiRequest) -> Reply[Closed]:
    """Close the session.

    Its cookie is rejected from the next request on.
    """
    token = session_token_of(request.http)
    if not token or request.principal.actor.kind != "session":
        raise InvalidApiKey
    sessions().close(request.principal, token)
    return Reply({"closed": True}, cookies=(_cookie("", 0),))


def _authenticate(request: ApiRequest, body: NewSession) -> tuple[Principal, str]:
    """Authenticate who opens a session, by key or as a user of the user pool; return the key's hash, too.

    The mode is chosen by the session's requests, not by the one that opens it: a page may sign in anew in a
    tab that was in test mode.
    """
    credentials = replace(credentials_of(request.http), mode=None)
    if body.id_token:
        pool = user_pool()
        if pool is None:
            raise InvalidApiKey
        user = pool.user(body.id_token)
        actor = Actor("session", user.id, user.name, credentials.address, credentials.request_id)
        return sessions().principal_for(user, actor)
    key = body.api_key or credentials.key
    if key is None:
        raise InvalidApiKey
    auth = authenticator().authenticate_key(credentials, key)
    request.rate_limit = auth.rate
    return auth.principal, auth.key_hash


def _cookie(token: str, max_age_s: int) -> str:
    """Return the `Set-Cookie` value (RFC 6265); a lifetime of 0 deletes the cookie."""
    return f"{COOKIE}={token}; Path=/; Max-Age={max_age_s}; HttpOnly; Secure; SameSite=Strict"
