"""Keys of a tenant with some rights, and clients that use them."""

from __future__ import annotations

import uuid
from typing import Any

import httpx

from local.stack import Stack
from tests.stack.conftest import Tenant, check_against_openapi
from trunkline.auth.scopes import Scope


def client_of(stack: Stack, key: str) -> httpx.Client:
    """A client whose answers are checked against the OpenAPI document."""
    return httpx.Client(
        base_url=stack.config.api_url,
        headers={"x-api-key": key},
        timeout=30,
        event_hooks={"response": [check_against_openapi]},
    )


def key_of(tenant: Tenant, *scopes: str, livemode: bool = True, **bounds: Any) -> str:
    """A key of a tenant with these rights alone."""
    wanted = list(scopes) or [Scope.ADMIN.value]
    return tenant.stack.operator().create_key(
        tenant.id, f"key-{uuid.uuid4()}", wanted, livemode=livemode, **bounds
    )


def practice_client(tenant: Tenant) -> httpx.Client:
    """A client with a test key of the tenant."""
    return client_of(tenant.stack, key_of(tenant, livemode=False))
