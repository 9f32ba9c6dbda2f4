"""The authenticated principal: tenant, mode and rights of a request."""

from __future__ import annotations

from dataclasses import dataclass, field

from trunkline.auth.api_key import ApiKey
from trunkline.auth.scopes import Scope, rights, same_right
from trunkline.core.errors import MissingScope
from trunkline.storage.keys.tenants import tenant_mode_of


@dataclass(frozen=True)
class Actor:
    """The actor of an audit entry: `api_key`, `session`, `trigger`, `schedule`, `batch` or `operator`.

    `trace_id` is the trace that its request belongs to, if it said so.
    """

    kind: str = "operator"
    id: str = ""
    name: str = ""
    address: str = ""
    request_id: str = ""
    trace_id: str = ""


@dataclass(frozen=True)
class Principal:
    """The tenant, mode and rights that a request acts with.

    `key` is the API key of the request; None for the operator, whom no limits bind.
    """

    tenant_id: str
    livemode: bool
    scopes: frozenset[Scope]
    key: ApiKey | None = None
    actor: Actor = field(default_factory=Actor)

    @property
    def tenant_mode(self) -> str:
        """The tenant and mode under which resources are stored: test resources are separate."""
        return tenant_mode_of(self.tenant_id, self.livemode)

    def has(self, scope: Scope) -> bool:
        """Tell whether the principal has a scope."""
        return same_right(scope) in rights(self.scopes)

    def require(self, scope: Scope) -> None:
        """Raise `MissingScope` unless the principal has a scope."""
        if not self.has(scope):
            raise MissingScope(scope.value)
