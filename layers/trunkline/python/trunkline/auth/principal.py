"""The authenticated principal: tenant, mode and rights of a request."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from trunkline.auth.api_key import ApiKey
from trunkline.auth.scopes import Scope, rights, same_right
from trunkline.core.errors import InvalidRequest, MissingScope, ModeNotAllowed
from trunkline.storage.keys.tenants import tenant_mode_of

Mode = Literal["live", "test"]
MODE_HEADER = "trunkline-mode"
"""The header that names the mode of a session's request."""


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

    `key` is the API key of the request, or of its session; None for the operator, whom no limits bind. A
    session of a live key may act in test mode: `livemode` counts, not the key's.
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

    @property
    def modes(self) -> tuple[Mode, ...]:
        """The modes that its requests may choose: a session of a live key has both, a key only its own."""
        own: Mode = "live" if (self.key.livemode if self.key else self.livemode) else "test"
        return ("live", "test") if own == "live" and self.actor.kind == "session" else (own,)

    def in_mode(self, mode: str | None) -> Principal:
        """Return the principal in the mode that a request names; in its own if it names none.

        Raises:
            InvalidRequest: it is no mode.
            ModeNotAllowed: it is not one of `modes`.
        """
        if mode is None:
            return self
        if mode not in get_args(Mode):
            raise InvalidRequest(f"{MODE_HEADER} must be live or test", field=MODE_HEADER)
        if mode not in self.modes:
            raise ModeNotAllowed(f"This {self._credential} cannot act in {mode} mode", field=MODE_HEADER)
        return replace(self, livemode=mode == "live")

    @property
    def _credential(self) -> str:
        return "session" if self.actor.kind == "session" else "API key"

    def has(self, scope: Scope) -> bool:
        """Tell whether the principal has a scope."""
        return same_right(scope) in rights(self.scopes)

    def require(self, scope: Scope) -> None:
        """Raise `MissingScope` unless the principal has a scope."""
        if not self.has(scope):
            raise MissingScope(scope.value)
