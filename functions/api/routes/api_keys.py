"""Routes of API keys."""

from __future__ import annotations

from trunkline.auth.api_key_schemas import ApiKeyList, ApiKeyView, ApiKeyWithSecret, KeyRotation, KeySpec
from trunkline.auth.scopes import Scope
from trunkline.http_api.routing import RouteGroup

from ..auth import ApiRequest
from ..bootstrap.tenant import api_key_service
from ..crud_routes import CONFLICT, CrudResource, Texts, add_crud_routes

_CANNOT_GRANT = {403: "The key lacks the scope, or would grant a right that it lacks."}

group = RouteGroup(not_found="No such key.")
add_crud_routes(
    group,
    CrudResource(
        name="api-keys",
        label="ApiKey",
        key="key_id",
        spec=KeySpec,
        view=ApiKeyView,
        list_view=ApiKeyList,
        created=ApiKeyWithSecret,
        service=api_key_service,
        listing=Texts("List your API keys.", "A test key sees only test keys."),
        creation=Texts(
            "Create an API key. Only this response has the key itself.",
            "A key cannot grant what it lacks: no scope, address, lifetime or limit beyond its own.",
            errors=_CANNOT_GRANT
            | {409: "You have reached your limit of keys, or the Idempotency-Key is in use."},
            returns="The key.",
        ),
        reading=Texts("Read an API key."),
        change=Texts(
            "Change an API key's name, addresses, limit or expiry.",
            "Its scopes and environment cannot be changed.",
            errors=_CANNOT_GRANT,
        ),
        deletion=Texts(
            "Revoke an API key: it and its sessions are rejected from the next request on.",
            errors=CONFLICT,
            operation_id="revokeApiKey",
        ),
        example={"name": "backend", "scopes": ["calls:create", "calls:read"]},
        example_change={"name": "backend of the shop"},
    ),
)


@group.post(
    "/api/v1/api-keys/{key_id}/rotate",
    scope=Scope.API_KEYS_WRITE,
    body_required=False,
    errors=CONFLICT | _CANNOT_GRANT,
    example={"overlap_seconds": 3600},
)
def rotate_api_key(request: ApiRequest, key_id: str, body: KeyRotation) -> ApiKeyWithSecret:
    """Replace an API key by a new one. Only this response has the new key itself."""
    return api_key_service().rotate(request.principal, key_id, body)
