"""Routes of the tenant's open sessions."""

from __future__ import annotations

from trunkline.auth.scopes import Scope
from trunkline.auth.session_service import EndedSessions, OpenSessionList
from trunkline.http_api.responses import Deleted, deleted
from trunkline.http_api.routing import RouteGroup

from ..auth import ApiRequest, session_token_of
from ..bootstrap.access import session_service, sessions
from .queries import CursorQuery

group = RouteGroup(not_found="No such session, or it has ended.")


@group.get("/api/v1/sessions", scope=Scope.API_KEYS_READ)
def list_sessions(request: ApiRequest, query: CursorQuery) -> OpenSessionList:
    """List the sessions that are open, newest first.

    In test mode, those of test keys. Sessions whose key was revoked have ended, and are not listed.
    """
    return session_service().list(request.principal, query.cursor, _own_session(request))


@group.delete("/api/v1/sessions", scope=Scope.API_KEYS_WRITE)
def end_other_sessions(request: ApiRequest) -> EndedSessions:
    """End all sessions but the one of the request; in test mode, those of test keys.

    A request ends up to a hundred: repeat it while the response has `more`.
    """
    return session_service().end_others(request.principal, _own_session(request))


@group.delete("/api/v1/sessions/{session_id}", scope=Scope.API_KEYS_WRITE)
def end_session(request: ApiRequest, session_id: str) -> Deleted:
    """End a session: its cookie is rejected from the next request on."""
    session_service().end(request.principal, session_id)
    return deleted(session_id)


def _own_session(request: ApiRequest) -> str | None:
    """Return the id of the session that sent the request; None for a key."""
    token = session_token_of(request.http)
    if not token or request.principal.actor.kind != "session":
        return None
    return sessions().find(token).id
