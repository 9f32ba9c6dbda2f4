"""Routes of a tenant's own affairs: sessions, limits, the audit log, its LiveKit, rotated keys."""

from __future__ import annotations

from functools import partial

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from aws_lambda_powertools.shared.cookies import Cookie, SameSite

from trunkline.auth.api_key_schemas import KeyRotation
from trunkline.auth.audit_log import AuditQuery
from trunkline.auth.principal import Actor, Principal
from trunkline.auth.scopes import Scope
from trunkline.auth.sessions import COOKIE, NewSession, session_view
from trunkline.call_control.quotas import limits_view
from trunkline.core.errors import CrossSite, InvalidApiKey, InvalidRequest
from trunkline.core.validation import validated_query
from trunkline.http_api.request_body import read_body
from trunkline.http_api.responses import deleted
from trunkline.livekit.project_service import OwnLiveKit

from .access import Asked, asked, noted, open_session_for, proof_of
from .answers import json_response
from .services import services

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]


@router.post("/api/v1/api-keys/<key_id>/rotate")
def rotate_key(key_id: str) -> Response[str]:
    who = asked(router.current_event, Scope.API_KEYS_WRITE)
    wish = who.body_or(KeyRotation)
    work = partial(services().api_keys.rotate, who.principal, key_id, wish)
    return who.made(f"api-keys/{key_id}/rotate", wish, work, 200)


@router.post("/api/v1/session")
def open_session() -> Response[str]:
    event = router.current_event
    is_base64 = bool(event.is_base64_encoded)
    wish = read_body(NewSession, event.body, is_base64=is_base64) if event.body else NewSession()
    if not proof_of(event).is_own_site:
        raise CrossSite
    principal, key_hash = _proven(wish)
    token, view = services().sessions.open(principal, key_hash, wish.expires_in_s)
    return _with_cookie(json_response(201, view), token, wish.expires_in_s)


@router.get("/api/v1/session")
def get_session() -> Response[str]:
    who = asked(router.current_event, None)
    token, expires_ms = open_session_for(who.event), None
    if token and who.principal.actor.kind == "session":
        expires_ms = services().sessions.find(token).expires_at_ms
    return json_response(200, session_view(who.principal, expires_ms))


@router.delete("/api/v1/session")
def close_session() -> Response[str]:
    who = asked(router.current_event, None)
    token = open_session_for(who.event)
    if not token or who.principal.actor.kind != "session":
        raise InvalidApiKey
    services().sessions.close(who.principal, token)
    return _with_cookie(json_response(200, {"closed": True}), "", 0)


@router.get("/api/v1/limits")
def get_limits() -> Response[str]:
    who = asked(router.current_event, Scope.CALLS_READ)
    principal, desk = who.principal, services()
    shown = limits_view(
        desk.facts.get(principal.tenant_id),
        who.admitted.rate.limit,
        waiting=desk.usage.waiting(principal.tenant_id, livemode=principal.livemode),
        in_progress=desk.usage.in_progress(principal.tenant_id, livemode=principal.livemode),
        today=desk.admission.calls_today(principal),
    )
    return json_response(200, shown)


@router.get("/api/v1/audit")
def list_audit() -> Response[str]:
    who = asked(router.current_event, Scope.AUDIT_READ)
    query = validated_query(AuditQuery, router.current_event.query_string_parameters)
    return json_response(200, services().audit.page(who.principal, query))


@router.get("/api/v1/livekit")
def get_livekit() -> Response[str]:
    return json_response(
        200, services().livekit.get(asked(router.current_event, Scope.LIVEKIT_READ).principal)
    )


@router.put("/api/v1/livekit")
def put_livekit() -> Response[str]:
    who = _keeper_of_livekit()
    return json_response(200, services().livekit.put(who.principal, who.body(OwnLiveKit)))


@router.delete("/api/v1/livekit")
def delete_livekit() -> Response[str]:
    who = _keeper_of_livekit()
    services().livekit.delete(who.principal)
    return json_response(200, deleted("livekit"))


def _keeper_of_livekit() -> Asked:
    """Test calls touch no LiveKit, so a test key has none to change."""
    who = asked(router.current_event, Scope.LIVEKIT_WRITE)
    if not who.principal.livemode:
        raise InvalidRequest("A test key can't change LiveKit: its calls touch none")
    return who


def _proven(wish: NewSession) -> tuple[Principal, str]:
    """Who opens a session: with a key, or as a user of the deployment's pool."""
    proof = proof_of(router.current_event)
    if wish.id_token:
        pool = services().user_pool
        if pool is None:
            raise InvalidApiKey
        user = pool.user(wish.id_token)
        actor = Actor("session", user.id, user.name, proof.address, proof.request_id)
        return services().sessions.principal_for(user, actor)
    key = wish.api_key or proof.key
    if key is None:
        raise InvalidApiKey
    admitted = services().gatekeeper.authenticate_key(proof, key)
    noted.rate = admitted.rate
    return admitted.principal, admitted.key_hash


def _with_cookie(answer: Response[str], token: str, life_s: int) -> Response[str]:
    """Set the cookie; without a life it is taken away."""
    answer.cookies = [
        Cookie(
            name=COOKIE,
            value=token,
            path="/",
            secure=True,
            http_only=True,
            max_age=life_s,
            same_site=SameSite.STRICT_MODE,
        )
    ]
    return answer
