"""Routes of the tenant's open sessions."""

from __future__ import annotations

from trunkline.auth.scopes import Scope
from trunkline.auth.session_service import OpenSessionList
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
    token, current = session_token_of(request.http), None
    if token and request.principal.actor.kind == "session":
        current = sessions().find(token).id
    return session_service().list(request.principal, query.cursor, current)


@group.delete("/api/v1/sessions/{session_id}", scope=Scope.API_KEYS_WRITE)
def end_session(request: ApiRequest, session_id: str) -> Deleted:
    """End a session: its cookie is rejected from the next request on."""
    session_service().end(request.principal, session_id)
    return deleted(session_id)
