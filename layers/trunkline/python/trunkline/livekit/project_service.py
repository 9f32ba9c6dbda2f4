"""Use cases of a tenant's own LiveKit project: show, set and remove it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field
from typing_extensions import TypedDict

from trunkline.auth.audit_log import audit_write
from trunkline.auth.principal import Principal
from trunkline.core.clock import Clock
from trunkline.core.errors import NotFound
from trunkline.core.timestamps import iso_from_ms
from trunkline.core.validation import InputModel
from trunkline.livekit.credentials import LiveKitCredentials, as_secret
from trunkline.livekit.projects import ProjectRegistry
from trunkline.storage.keys.tenants import livekit_issuer_key, own_livekit_key
from trunkline.storage.table import Delete, Put, Table, Write

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


class OwnLiveKit(InputModel):
    """The body of `PUT /api/v1/livekit`: a project of your own, used only for your calls."""

    messages: ClassVar[dict[str, str]] = {
        "url": "url must be the project's address, wss://…",
        "api_key": "api_key must be 1 to 100 letters, digits, underscores or hyphens",
        "api_secret": "api_secret must be 16 to 500 visible characters",
    }

    url: Annotated[str, Field(pattern=r"^(wss|https|ws|http)://", max_length=500)]
    api_key: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,100}$")]
    api_secret: Annotated[str, Field(pattern=r"^[\x21-\x7e]{16,500}$")]

    @property
    def requests_url(self) -> str:
        """The URL of its API."""
        return self.url.replace("ws", "http", 1) if self.url.startswith("ws") else self.url


class LiveKitView(TypedDict):
    """The project that your calls use; `own` if it is yours. The secret is never shown."""

    own: bool
    url: str | None
    api_key: str | None
    webhook_url: str
    changed_at: str | None


@dataclass(frozen=True)
class LiveKitProjectService:
    """Keeps tenants' own projects; their keys are in Secrets Manager, one secret for each tenant.

    `check_url` raises `InvalidRequest` for an address that must not be called; the project must send its
    webhooks to `webhook_url`. `resume_trunks` lets the trunks of a tenant's project dial again.
    """

    table: Table
    secrets: SecretsManagerClient
    secret_prefix: str
    kms_key_id: str
    projects: ProjectRegistry
    check_url: Callable[[str], None]
    webhook_url: str
    clock: Clock
    resume_trunks: Callable[[str], None]

    def get(self, principal: Principal) -> LiveKitView:
        """Show the project of the tenant's calls."""
        item = self.table.get(own_livekit_key(principal.tenant_id))
        if item is None:
            return {
                "own": False,
                "url": None,
                "api_key": None,
                "webhook_url": self.webhook_url,
                "changed_at": None,
            }
        return self._view(item)

    def put(self, principal: Principal, request: OwnLiveKit) -> LiveKitView:
        """Set or change the project; calls created within a minute may still use the previous one.

        Trunks that LiveKit refused dial again at once. The secret is written first: if the table then fails,
        the next put writes it again.

        Raises:
            InvalidRequest: the URL must not be called.
        """
        self.check_url(request.requests_url)
        tenant_id, now_ms = principal.tenant_id, self.clock.wall_ms()
        credentials = LiveKitCredentials(request.url, request.api_key, request.api_secret)
        before = self.table.get(own_livekit_key(tenant_id))
        arn = self._store_secret(tenant_id, as_secret(credentials))
        item = own_livekit_key(tenant_id).as_item() | {"url": request.url, "api_key": request.api_key}
        item |= {"secret_arn": arn, "changed_at_ms": now_ms}
        writes: list[Write] = [Put(item), Put(livekit_issuer_key(request.api_key, tenant_id).as_item())]
        if before and before["api_key"] != request.api_key:
            writes.append(Delete(livekit_issuer_key(before["api_key"], tenant_id)))
        # The secret is not read to compare it: it was sent, and so written.
        changed = [name for name in ("url", "api_key") if (before or {}).get(name) != item[name]]
        audit = audit_write(principal, now_ms, "livekit.changed", tenant_id, [*changed, "api_secret"])
        self.table.transact([*writes, audit])
        self.projects.forget(tenant_id)
        self.resume_trunks(tenant_id)
        return self._view(item)

    def delete(self, principal: Principal) -> None:
        """Return to the deployment's project; the keys are deleted at once.

        Raises:
            NotFound: the tenant has none of its own.
        """
        tenant_id = principal.tenant_id
        item = self.table.get(own_livekit_key(tenant_id))
        if item is None:
            raise NotFound("You have no LiveKit of your own")
        writes: list[Write] = [Delete(own_livekit_key(tenant_id))]
        writes.append(Delete(livekit_issuer_key(item["api_key"], tenant_id)))
        audit = audit_write(principal, self.clock.wall_ms(), "livekit.deleted", tenant_id)
        self.table.transact([*writes, audit])
        self.secrets.delete_secret(SecretId=item["secret_arn"], ForceDeleteWithoutRecovery=True)
        self.projects.forget(tenant_id)

    def _store_secret(self, tenant_id: str, text: str) -> str:
        name = f"{self.secret_prefix}{tenant_id}"
        try:
            created = self.secrets.create_secret(Name=name, SecretString=text, KmsKeyId=self.kms_key_id)
        except self.secrets.exceptions.ResourceExistsException:
            return self.secrets.put_secret_value(SecretId=name, SecretString=text)["ARN"]
        return created["ARN"]

    def _view(self, item: dict[str, Any]) -> LiveKitView:
        return {
            "own": True,
            "url": item["url"],
            "api_key": item["api_key"],
            "webhook_url": self.webhook_url,
            "changed_at": iso_from_ms(item["changed_at_ms"]),
        }
