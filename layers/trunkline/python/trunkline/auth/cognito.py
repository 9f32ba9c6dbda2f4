"""Cognito user pool: verifies ID tokens and maps groups to scopes.

Source: https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from trunkline.auth.scopes import Scope
from trunkline.core.errors import InvalidApiKey, MissingScope

TENANT_CLAIM = "custom:tenant_id"
_VIEWER = frozenset(scope for scope in Scope if scope.value.endswith(":read"))
GROUPS = {"trunkline-admin": frozenset({Scope.ADMIN}), "trunkline-viewer": _VIEWER}
"""The scopes of the members of a group."""

_LEEWAY_S = 10


@dataclass(frozen=True)
class User:
    """An authenticated user; `proof_id` identifies the ID token."""

    id: str
    issuer: str
    name: str
    tenant_id: str
    scopes: frozenset[Scope]
    proof_id: str
    expires_at_s: int


@dataclass(frozen=True)
class CognitoUserPool:
    """A pool and its app client. `signing_key(token)` finds the public key that a token names."""

    issuer: str
    client_id: str
    signing_key: Callable[[str], Any]

    @classmethod
    def from_settings(cls, issuer: str, client_id: str) -> CognitoUserPool | None:
        """Return the deployment's pool; None if it has none (`none`)."""
        if issuer == "none":
            return None
        from jwt import PyJWKClient  # noqa: PLC0415 - only a login needs it

        keys = PyJWKClient(f"{issuer}/.well-known/jwks.json", timeout=3)
        return cls(issuer, client_id, lambda token: keys.get_signing_key_from_jwt(token).key)

    def user(self, id_token: str) -> User:
        """Verify an ID token.

        Raises:
            InvalidApiKey: it is not a valid token of this pool and client, or has expired.
            MissingScope: the user is in none of `GROUPS`.
        """
        claims = self._claims(id_token)
        tenant_id = claims.get(TENANT_CLAIM)
        if claims.get("token_use") != "id" or not isinstance(tenant_id, str) or not tenant_id:
            raise InvalidApiKey
        scopes = _scopes_of(claims)
        if not scopes:
            raise MissingScope(f"one of the groups {', '.join(sorted(GROUPS))}")
        return User(
            id=str(claims["sub"]),
            issuer=self.issuer,
            name=str(claims.get("email") or claims["sub"]),
            tenant_id=tenant_id,
            scopes=scopes,
            proof_id=hashlib.sha256(id_token.rpartition(".")[0].encode()).hexdigest(),
            expires_at_s=int(claims["exp"]),
        )

    def _claims(self, id_token: str) -> Mapping[str, Any]:
        import jwt  # noqa: PLC0415 - see above

        try:
            claims: Mapping[str, Any] = jwt.decode(
                id_token,
                self.signing_key(id_token),
                algorithms=["RS256"],
                audience=self.client_id,
                issuer=self.issuer,
                leeway=_LEEWAY_S,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except jwt.PyJWTError as error:
            raise InvalidApiKey from error
        return claims


def _scopes_of(claims: Mapping[str, Any]) -> frozenset[Scope]:
    groups = claims.get("cognito:groups")
    named = groups if isinstance(groups, list) else []
    return frozenset[Scope]().union(*(GROUPS.get(str(group), frozenset()) for group in named))
