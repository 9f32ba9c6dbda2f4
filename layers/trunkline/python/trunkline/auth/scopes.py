"""Scopes of API keys and the rights that each includes."""

from __future__ import annotations

from enum import StrEnum


class Scope(StrEnum):
    """The rights a key can have; `calls:create` and `calls:initiate` are the same one, `admin` is all."""

    ADMIN = "admin"

    CALLS_CREATE = "calls:create"
    CALLS_INITIATE = "calls:initiate"
    CALLS_READ = "calls:read"
    AGENTS_READ = "agents:read"
    AGENTS_WRITE = "agents:write"
    WORKFLOWS_READ = "workflows:read"
    WORKFLOWS_WRITE = "workflows:write"
    TOOLS_READ = "tools:read"
    TOOLS_WRITE = "tools:write"
    SECRETS_READ = "secrets:read"
    SECRETS_WRITE = "secrets:write"
    RULES_READ = "rules:read"
    RULES_WRITE = "rules:write"
    TRIGGERS_READ = "triggers:read"
    TRIGGERS_WRITE = "triggers:write"
    SCHEDULES_READ = "schedules:read"
    SCHEDULES_WRITE = "schedules:write"
    BATCHES_READ = "batches:read"
    BATCHES_WRITE = "batches:write"
    TRUNKS_READ = "trunks:read"
    TRUNKS_WRITE = "trunks:write"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"
    API_KEYS_READ = "api-keys:read"
    API_KEYS_WRITE = "api-keys:write"
    LIVEKIT_READ = "livekit:read"
    LIVEKIT_WRITE = "livekit:write"
    AUDIT_READ = "audit:read"


_SAME_RIGHT = {Scope.CALLS_INITIATE: Scope.CALLS_CREATE}


# Early keys had one scope for webhooks, which also allowed reading.
_INCLUDES = {Scope.WEBHOOKS_WRITE: frozenset({Scope.WEBHOOKS_READ})}


def same_right(scope: Scope) -> Scope:
    """Return the canonical name of a scope that has two."""
    return _SAME_RIGHT.get(scope, scope)


def rights(scopes: frozenset[Scope]) -> frozenset[Scope]:
    """Return all scopes that these include, by their canonical names."""
    if Scope.ADMIN in scopes:
        scopes = frozenset(Scope)
    held = {same_right(scope) for scope in scopes}
    return frozenset(held.union(*(_INCLUDES.get(scope, frozenset()) for scope in held)))
