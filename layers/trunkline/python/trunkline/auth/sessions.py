"""Sessions of the web UI: an opaque cookie in place of an API key or of a user of a user pool.

Only a keyed hash of it is stored. A session counts against its key's rate limit and ends with its key.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import Field, model_validator
from typing_extensions import TypedDict

from trunkline.auth.api_key import ApiKey, key_hash
from trunkline.auth.api_key_repository import attributes_of
from trunkline.auth.audit_log import audit_write
from trunkline.auth.cognito import User
from trunkline.auth.principal import Actor, Mode, Principal
from trunkline.core.clock import Clock
from trunkline.core.errors import InvalidApiKey
from trunkline.core.rate_limit import DEFAULT_PER_MINUTE
from trunkline.core.timestamps import iso_from_ms
from trunkline.core.validation import Bounded, InputModel
from trunkline.storage.keys.item import TTL
from trunkline.storage.keys.tenants import api_key_key, session_entry, session_key, used_id_token_key
from trunkline.storage.table import ABSENT, ConditionFailed, Delete, Put, Table, Update, Write

COOKIE = "session"
MAX_SESSION_S = 12 * 3600
_TOKEN_BYTES = 32


class NewSession(InputModel):
    """The body of `POST /api/v1/session`: a key, unless it is in a header, or a user pool's ID token."""

    api_key: Annotated[str | None, Field(max_length=200)] = None
    id_token: Annotated[str | None, Field(max_length=10_000, description="Of the deployment's pool.")] = None
    expires_in_s: Annotated[int, Bounded(60, MAX_SESSION_S)] = MAX_SESSION_S

    @model_validator(mode="after")
    def _exactly_one_credential(self) -> NewSession:
        if self.api_key and self.id_token:
            raise ValueError("api_key and id_token are two proofs: send one")
        return self


class SessionView(TypedDict):
    """Who the session is: its tenant, mode and rights.

    A request chooses one of `modes` by its header `trunkline-mode`.
    """

    tenant_id: str
    livemode: bool
    modes: list[Mode]
    scopes: list[str]
    name: str
    expires_at: str | None


@dataclass(frozen=True)
class Session:
    """A stored session: the hash of its key or user, when it expires, and the id of its tenant's entry.

    One that an earlier release opened has no id: no list shows it.
    """

    key_hash: str
    expires_at_ms: int
    id: str | None = None


class SessionRepository:
    """Sessions in the table, found by their token's hash."""

    def __init__(self, table: Table, pepper: str, clock: Clock) -> None:
        self._table = table
        self._pepper = pepper
        self._clock = clock

    def find(self, token: str) -> Session:
        """Find a session.

        Raises:
            InvalidApiKey: there is none, or it has expired.
        """
        item = self._table.get(session_key(key_hash(token, self._pepper)))
        if item is None or self._clock.wall_ms() >= item["expires_at_ms"]:
            raise InvalidApiKey
        return Session(item["key_hash"], item["expires_at_ms"], item.get("session_id"))

    def open(self, principal: Principal, of_key: str, life_s: int) -> tuple[str, SessionView]:
        """Open a session for the key or user with the hash `of_key`; return its token."""
        now_ms, token = self._clock.wall_ms(), secrets.token_urlsafe(_TOKEN_BYTES)
        expires_ms = now_ms + life_s * 1000
        if principal.key and principal.key.expires_at_ms:
            expires_ms = min(expires_ms, principal.key.expires_at_ms)
        session_id, hashed = _new_session_id(now_ms), key_hash(token, self._pepper)
        kept = {"key_hash": of_key, "expires_at_ms": expires_ms, TTL: expires_ms // 1000 + 1}
        item = session_key(hashed).as_item() | {"session_id": session_id} | kept
        actor = principal.actor
        entry = session_entry(principal.tenant_id, session_id).as_item() | kept
        entry |= {"session_id": session_id, "hash": hashed, "opened_at_ms": now_ms}
        entry |= {"livemode": principal.livemode, "address": actor.address}
        entry |= {"actor_id": actor.id, "actor_name": actor.name}
        audit = audit_write(principal, now_ms, "session.opened", actor.id)
        self._table.transact([Put(item, ABSENT), Put(entry, ABSENT), audit])
        opened = replace(principal, actor=replace(actor, kind="session"))
        return token, session_view(opened, expires_ms)

    def close(self, principal: Principal, token: str) -> None:
        """End a session: its cookie is refused from now on."""
        audit = audit_write(principal, self._clock.wall_ms(), "session.closed", principal.actor.id)
        gone: list[Write] = [Delete(session_key(key_hash(token, self._pepper)))]
        if session_id := self.find(token).id:
            gone.append(Delete(session_entry(principal.tenant_id, session_id)))
        self._table.transact([*gone, audit])

    def principal_for(self, user: User, actor: Actor) -> tuple[Principal, str]:
        """Store an authenticated user and their scopes; an ID token opens one session only.

        Raises:
            InvalidApiKey: the ID token was used before.
        """
        used = used_id_token_key(user.proof_id).as_item() | {TTL: user.expires_at_s + 3600}
        user_hash = key_hash(f"user\n{user.issuer}\n{user.id}", self._pepper)
        key = ApiKey(
            user.id,
            user.tenant_id,
            user.name,
            True,
            user.scopes,
            hint="user",
            limit_per_minute=DEFAULT_PER_MINUTE,
        )
        try:
            self._table.transact([Put(used, ABSENT), Update(api_key_key(user_hash), set=attributes_of(key))])
        except ConditionFailed as error:
            raise InvalidApiKey from error
        return Principal(user.tenant_id, True, user.scopes, key, actor), user_hash


def _new_session_id(now_ms: int) -> str:
    """Return an id whose order is that of time."""
    return f"ses_{now_ms:011x}{secrets.token_hex(6)}"


def session_view(principal: Principal, expires_at_ms: int | None) -> SessionView:
    """Show who a session, or a key, is."""
    return {
        "tenant_id": principal.tenant_id,
        "livemode": principal.livemode,
        "modes": list(principal.modes),
        "scopes": sorted(scope.value for scope in principal.scopes),
        "name": principal.actor.name,
        "expires_at": iso_from_ms(expires_at_ms) if expires_at_ms else None,
    }
