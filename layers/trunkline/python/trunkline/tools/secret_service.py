"""Tenants' secrets on their behalf: list, make, change, delete; no answer has a value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field
from typing_extensions import TypedDict

from trunkline.auth.audit_log import audit_write
from trunkline.auth.principal import Principal
from trunkline.core.clock import Clock
from trunkline.core.errors import InUse, InvalidRequest, LimitReached, NotFound
from trunkline.core.timestamps import iso_from_ms
from trunkline.core.validation import InputModel, validated
from trunkline.storage.table import Put
from trunkline.tools.secret_repository import Secret, SecretRepository

MAX_SECRETS = 100
MAX_LENGTH = 8192


class SecretSpec(InputModel):
    """A secret that tools name as `{{secrets.NAME}}`; its value can't be read again."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")
    messages: ClassVar[dict[str, str]] = {
        "name": "name must be 1 to 64 letters, digits, underscores and hyphens, and begin with a letter or _",
        "value": f"value must be a text of 1 to {MAX_LENGTH} characters",
    }

    name: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_-]{0,63}$")]
    value: Annotated[str, Field(min_length=1, max_length=MAX_LENGTH)]


class SecretView(TypedDict):
    """A secret, without its value."""

    name: str
    created_at: str
    updated_at: str


class SecretList(TypedDict):
    data: list[SecretView]
    next_cursor: str | None


@dataclass(frozen=True)
class SecretService:
    """A tenant's secrets of the key's mode.

    `using(tenant_mode, name)` returns the name of a tool that refers to the secret.
    """

    secrets: SecretRepository
    using: Callable[[str, str], str | None]
    clock: Clock

    def list(self, principal: Principal) -> SecretList:
        """The tenant's secrets, by name."""
        return {
            "data": [_view(each) for each in self.secrets.all(principal.tenant_mode)],
            "next_cursor": None,
        }

    def get(self, principal: Principal, name: str) -> SecretView:
        """One secret, without its value; `NotFound` if the tenant has none of that name."""
        return _view(self._own(principal, name))

    def create(self, principal: Principal, spec: SecretSpec) -> SecretView:
        """Store a secret.

        Raises:
            AlreadyExists: the tenant has one of that name.
            LimitReached: the tenant has as many as it may.
        """
        if len(self.secrets.all(principal.tenant_mode)) >= MAX_SECRETS:
            raise LimitReached(f"A tenant may have {MAX_SECRETS} secrets")
        now_ms = self.clock.wall_ms()
        sealed = self.secrets.sealed(principal.tenant_mode, spec.name, spec.value)
        secret = Secret(principal.tenant_mode, spec.name, now_ms, now_ms, sealed)
        self.secrets.create(secret, [self._noted(principal, "created", secret)])
        return _view(secret)

    def change(self, principal: Principal, name: str, changes: Mapping[str, Any]) -> SecretView:
        """Put another value in its place; it counts for the next invocation, also of calls that go on.

        Raises:
            NotFound: the tenant has none of that name.
            InvalidRequest: the value is none, or the name would change.
            VersionConflict: another request was quicker.
        """
        before = self._own(principal, name)
        if changes.get("name", name) != name:
            raise InvalidRequest("Validation error: name can't be changed", field="name")
        spec = validated(SecretSpec, {"name": name, **changes})
        sealed = self.secrets.sealed(principal.tenant_mode, name, spec.value)
        after = replace(before, ciphertext=sealed, updated_at_ms=self.clock.wall_ms())
        self.secrets.replace(before, after, [self._noted(principal, "changed", after)])
        return _view(after)

    def delete(self, principal: Principal, name: str) -> None:
        """Delete a secret.

        Raises:
            NotFound: the tenant has none of that name.
            InUse: a tool asks for it.
        """
        secret = self._own(principal, name)
        if tool := self.using(principal.tenant_mode, name):
            raise InUse(f"Secret {name} is asked for by tool {tool}")
        self.secrets.delete(secret, [self._noted(principal, "deleted", secret)])

    def _own(self, principal: Principal, name: str) -> Secret:
        found = self.secrets.load(principal.tenant_mode, name)
        if found is None:
            raise NotFound("Secret not found")
        return found

    def _noted(self, principal: Principal, what: str, secret: Secret) -> Put:
        changed = ["value"] if what == "changed" else []
        return audit_write(principal, self.clock.wall_ms(), f"secret.{what}", secret.name, changed)


def _view(secret: Secret) -> SecretView:
    return {
        "name": secret.name,
        "created_at": iso_from_ms(secret.created_at_ms),
        "updated_at": iso_from_ms(secret.updated_at_ms),
    }
