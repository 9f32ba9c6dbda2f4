"""The routes of a tenant's own affairs: keys, sessions, limits, LiveKit, the audit log."""

from __future__ import annotations

from typing_extensions import TypedDict

from local.openapi.route import Route
from trunkline.auth.api_key_schemas import (
    ApiKeyList,
    ApiKeyView,
    ApiKeyWithSecret,
    KeyRotation,
    KeySpec,
)
from trunkline.auth.audit_log import AuditList
from trunkline.auth.sessions import NewSession, SessionView
from trunkline.call_control.quotas import LimitsView
from trunkline.http_api.responses import Deleted
from trunkline.livekit.project_service import LiveKitView, OwnLiveKit

_READ, _WRITE = "api-keys:read", "api-keys:write"
_NO_KEY = {"404": "No such key."}
_NOT_MORE = {"403": "The key lacks the scope, or would grant what it has not."}
_RACED = {"409": "Another request changed it meanwhile: read it and try again."}


class Closed(TypedDict):
    """The session is over."""

    closed: bool


TENANT = (
    Route(
        "get",
        "/api/v1/api-keys",
        "listApiKeys",
        "List your API keys.",
        _READ,
        ApiKeyList,
        more="A test key sees test keys alone.",
    ),
    Route(
        "post",
        "/api/v1/api-keys",
        "createApiKey",
        "Make an API key; the answer has it, this once.",
        _WRITE,
        ApiKeyWithSecret,
        status=201,
        means="The key.",
        takes=KeySpec,
        more="A key can't grant what it has not: no scope, address, lifetime or limit beyond its own.",
        errors=_NOT_MORE | {"409": "You have as many keys as you may, or the Idempotency-Key is in use."},
    ),
    Route(
        "get", "/api/v1/api-keys/{key_id}", "getApiKey", "Read an API key.", _READ, ApiKeyView, errors=_NO_KEY
    ),
    Route(
        "patch",
        "/api/v1/api-keys/{key_id}",
        "changeApiKey",
        "Change an API key's name, addresses, limit or expiry.",
        _WRITE,
        ApiKeyView,
        takes=KeySpec,
        partial=True,
        more="Its scopes and environment stay.",
        errors=_NO_KEY | _RACED | _NOT_MORE,
    ),
    Route(
        "delete",
        "/api/v1/api-keys/{key_id}",
        "revokeApiKey",
        "Revoke an API key: from the next request on it is none, nor are its sessions.",
        _WRITE,
        Deleted,
        errors=_NO_KEY | _RACED,
    ),
    Route(
        "post",
        "/api/v1/api-keys/{key_id}/rotate",
        "rotateApiKey",
        "Put a new key in an old one's place; the answer has it, this once.",
        _WRITE,
        ApiKeyWithSecret,
        takes=KeyRotation,
        bodiless=True,
        errors=_NO_KEY | _RACED | _NOT_MORE,
    ),
    Route(
        "post",
        "/api/v1/session",
        "openSession",
        "Log the web UI in: a key, or the ID token of the deployment's user pool, for a cookie.",
        "",
        SessionView,
        status=201,
        means="Who you are; the cookie `session` goes with every further request.",
        takes=NewSession,
        bodiless=True,
        once=False,
        public=True,
        more="The key may be in the body, or in a header as everywhere.",
    ),
    Route(
        "get",
        "/api/v1/session",
        "getSession",
        "Say who you are.",
        "",
        SessionView,
        more="With a key as with a session.",
    ),
    Route("delete", "/api/v1/session", "closeSession", "Log out.", "", Closed),
    Route(
        "get",
        "/api/v1/limits",
        "getLimits",
        "Read your limits, and what you have of them.",
        "calls:read",
        LimitsView,
    ),
    Route(
        "get",
        "/api/v1/audit",
        "listAudit",
        "Read who did what, newest first; kept for a year.",
        "audit:read",
        AuditList,
        query={
            "action": "As in `agent.created`.",
            "target_id": "What it was done to.",
            "actor_id": "A key's id.",
            "after": "ISO 8601 with its offset.",
            "before": "ISO 8601 with its offset.",
            "limit": "1 to 100, default 25.",
            "cursor": "The `next_cursor` of an earlier answer.",
        },
    ),
    Route(
        "get",
        "/api/v1/livekit",
        "getLiveKit",
        "Read which LiveKit project your calls use.",
        "livekit:read",
        LiveKitView,
    ),
    Route(
        "put",
        "/api/v1/livekit",
        "putLiveKit",
        "Bring a LiveKit project of your own.",
        "livekit:write",
        LiveKitView,
        takes=OwnLiveKit,
        more="It counts within a minute. Add `webhook_url` in the project's settings.",
    ),
    Route(
        "delete",
        "/api/v1/livekit",
        "deleteLiveKit",
        "Go back to the deployment's LiveKit project.",
        "livekit:write",
        Deleted,
        errors={"400": "A test key has none to change.", "404": "You have none of your own."},
    ),
)
