"""Use cases of the secrets of tools; no response contains a value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field
from typing_extensions import TypedDict

from trunkline.auth.principal import Principal
from trunkline.auth.resource_service import ResourceService
from trunkline.core.clock import Clock
from trunkline.core.errors import InUse
from trunkline.core.timestamps import iso_from_ms
from trunkline.core.validation import InputModel
from trunkline.tools.secret_repository import Secret, SecretRepository

MAX_SECRETS = 100
MAX_SECRET_LENGTH = 8192


class SecretSpec(InputModel):
    """A secret that tools refer to as `{{secrets.NAME}}`; its value cannot be read again."""

    messages: ClassVar[dict[str, str]] = {
        "name": "name must be 1 to 64 letters, digits, underscores and hyphens, and begin with a letter or _",
        "value": f"value must be a text of 1 to {MAX_SECRET_LENGTH} characters",
    }

    name: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_-]{0,63}$")]
    value: Annotated[str, Field(min_length=1, max_length=MAX_SECRET_LENGTH)]


class SecretView(TypedDict):
    """A secret, without its value."""

    name: str
    created_at: str
    updated_at: str


class SecretList(TypedDict):
    data: list[SecretView]
    next_cursor: str | None


@dataclass(frozen=True)
class SecretService(ResourceService[Secret, SecretSpec, SecretView]):
    """Manages a tenant's secrets of the key's mode.

    A new value is used from the next invocation on, also in current calls.

    `using(tenant_mode, name)` returns the name of a tool that refers to the secret.
    """

    label = "Secret"
    id_field = "name"
    fixed_fields = ("name",)
    max_count = MAX_SECRETS
    schema = SecretSpec

    repository: SecretRepository
    using: Callable[[str, str], str | None]
    clock: Clock

    def _view(self, resource: Secret) -> SecretView:
        return {
            "name": resource.name,
            "created_at": iso_from_ms(resource.created_at_ms),
            "updated_at": iso_from_ms(resource.updated_at_ms),
        }

    def _build(self, principal: Principal, spec: SecretSpec, before: Secret | None) -> Secret:
        now_ms = self.clock.wall_ms()
        ciphertext = self.repository.encrypt(principal.tenant_mode, spec.name, spec.value)
        created_at_ms = before.created_at_ms if before else now_ms
        return Secret(principal.tenant_mode, spec.name, created_at_ms, now_ms, ciphertext)

    def _changed_fields(self, before: Secret, after: Secret) -> Sequence[str]:  # noqa: ARG002 (values are not shown)
        return ["value"]

    def _require_unused(self, principal: Principal, resource: Secret) -> None:
        if tool := self.using(principal.tenant_mode, resource.name):
            raise InUse(f"Secret {resource.name} is in use by tool {tool}")
