"""Builds everything that authenticates requests: keys, sessions, users, idempotency keys."""

from __future__ import annotations

from functools import cache

from trunkline.auth.api_key_repository import ApiKeyRepository
from trunkline.auth.authenticator import Authenticator
from trunkline.auth.session_service import SessionService
from trunkline.auth.sessions import SessionRepository
from trunkline.core import aws_clients
from trunkline.storage.idempotent_response import IdempotentResponses

from .base import cipher, clock, settings, table


@cache
def pepper() -> str:
    """Read the secret that keys are hashed with; it never changes."""
    secrets = aws_clients.client("secretsmanager")
    return secrets.get_secret_value(SecretId=settings().key_pepper_arn)["SecretString"]


@cache
def api_keys() -> ApiKeyRepository:
    return ApiKeyRepository(table())


@cache
def sessions() -> SessionRepository:
    return SessionRepository(table(), pepper(), clock())


@cache
def session_service() -> SessionService:
    return SessionService(table(), clock())


@cache
def authenticator() -> Authenticator:
    return Authenticator(api_keys(), sessions(), pepper(), clock())


@cache
def idempotent_responses() -> IdempotentResponses:
    return IdempotentResponses(table(), cipher(), clock())
