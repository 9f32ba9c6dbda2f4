"""Who is asking: the key of a request, as the outbound document lets it be sent."""

from __future__ import annotations

from collections.abc import Mapping

from trunkline.tenants.keys import ApiKeyStore, Principal, Scope

_BEARER = "bearer "


def key_of(headers: Mapping[str, str]) -> str | None:
    """The key in `x-api-key` or `Authorization: Bearer`; the first counts if both are there."""
    if key := headers.get("x-api-key"):
        return key.strip()
    authorization = headers.get("authorization") or ""
    if authorization.lower().startswith(_BEARER):
        return authorization[len(_BEARER) :].strip()
    return None


def require(keys: ApiKeyStore, headers: Mapping[str, str], scope: Scope) -> Principal:
    """Authenticate a request and check its right to what it asks for.

    Raises:
        InvalidApiKey: nobody we know.
        MissingScope: known, but not allowed.
    """
    principal = keys.authenticate(key_of(headers))
    principal.require(scope)
    return principal
