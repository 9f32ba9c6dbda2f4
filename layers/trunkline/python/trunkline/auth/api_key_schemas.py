"""What a client may say about an API key, and how a stored one is shown."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field
from typing_extensions import TypedDict

from trunkline.auth.scopes import Scope
from trunkline.core.field_types import Moment
from trunkline.core.timestamps import iso_from_ms
from trunkline.core.validation import Bounded, InputModel

if TYPE_CHECKING:
    from trunkline.auth.api_key import ApiKey

MAX_OVERLAP_S = 7 * 24 * 3600
MAX_PER_MINUTE = 100_000
_NETWORKS_MESSAGE = "allowed_addresses must be IP addresses or networks (203.0.113.0/24), at most 50"


def _network(text: str) -> str:
    return str(ip_network(text))


Network = Annotated[str, Field(max_length=50), AfterValidator(_network)]
ScopeName = Annotated[Scope, Field(strict=False)]


class KeySpec(InputModel):
    """An API key; what is left out is the asking key's own bound.

    A key can't grant what it has not: no scope, no address, no longer life and no higher limit.
    """

    messages: ClassVar[dict[str, str]] = {
        "name": "name must be 1 to 100 characters",
        "scopes": f"scopes must be a list of at least one of {', '.join(Scope)}",
        "environment": 'environment must be "live" or "test"',
        "expires_at": "expires_at must be an ISO 8601 time with its offset, in the future",
        "allowed_addresses": _NETWORKS_MESSAGE,
    }

    name: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]*$")]
    scopes: Annotated[list[ScopeName], Field(min_length=1, max_length=50)]
    environment: Annotated[
        Literal["live", "test"] | None, Field(description="Default: the asking key's own.")
    ] = None
    expires_at: Moment | None = None
    allowed_addresses: Annotated[
        list[Network], Field(max_length=50, description="Where it may be used from; default: anywhere.")
    ] = []
    requests_per_minute: Annotated[
        int | None, Bounded(1, MAX_PER_MINUTE), Field(description="Default: the tenant's, else 600.")
    ] = None


class KeyRotation(InputModel):
    """The body of `POST /api/v1/api-keys/{id}/rotate`."""

    overlap_seconds: Annotated[
        int, Bounded(0, MAX_OVERLAP_S), Field(description="How long the old key is good beside the new one.")
    ] = 0


class ApiKeyView(TypedDict):
    """A key; `hint` is how it begins and ends. `last_used_at` is its last request's moment."""

    id: str
    name: str
    hint: str
    scopes: list[str]
    environment: str
    livemode: bool
    status: str
    expires_at: str | None
    allowed_addresses: list[str]
    requests_per_minute: int
    created_at: str
    last_used_at: str | None


class ApiKeyWithSecret(ApiKeyView):
    """A new key: `key` is shown only now."""

    key: str


class ApiKeyList(TypedDict):
    data: list[ApiKeyView]
    next_cursor: str | None


def key_view(key: ApiKey, now_ms: int) -> ApiKeyView:
    environment = "live" if key.livemode else "test"
    return {
        "id": key.id,
        "name": key.name,
        "hint": f"as_{environment}_…{key.hint}",
        "scopes": sorted(scope.value for scope in key.scopes),
        "environment": environment,
        "livemode": key.livemode,
        "status": "expired" if key.is_expired(now_ms) else "active",
        "expires_at": iso_from_ms(key.expires_at_ms) if key.expires_at_ms else None,
        "allowed_addresses": list(key.networks),
        "requests_per_minute": key.limit_per_minute,
        "created_at": iso_from_ms(key.created_at_ms),
        "last_used_at": iso_from_ms(key.last_used_ms) if key.last_used_ms else None,
    }
