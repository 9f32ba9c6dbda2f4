"""Use cases of webhooks: those of every resource, and the rotation of secrets."""

from __future__ import annotations

import secrets as random
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from trunkline.auth.audit_log import changed_fields
from trunkline.auth.principal import Principal
from trunkline.auth.resource_service import ResourceService
from trunkline.core.clock import Clock
from trunkline.core.errors import LimitReached
from trunkline.core.validation import validated
from trunkline.webhooks.health_repository import EndpointHealthRepository
from trunkline.webhooks.models import MAX_PREVIOUS_SECRETS, Endpoint
from trunkline.webhooks.repository import EndpointRepository
from trunkline.webhooks.responses import WebhookView, WebhookWithSecret, shown_headers, webhook_view
from trunkline.webhooks.schemas import Rotation, WebhookSpec
from trunkline.webhooks.secrets import EndpointSecrets
from trunkline.webhooks.signing import generate_secret

_SECRET_BYTES = 24


@dataclass(frozen=True)
class WebhookService(ResourceService[Endpoint, WebhookSpec, WebhookView]):
    """Manages a tenant's webhooks of the key's mode.

    `check_url` raises `InvalidRequest` for an address that must not be called.
    """

    label = "Webhook"
    sort_field = "created_at_ms"
    schema = WebhookSpec

    repository: EndpointRepository
    health: EndpointHealthRepository
    secrets: EndpointSecrets
    check_url: Callable[[str], None]
    clock: Clock

    def create(self, principal: Principal, spec: WebhookSpec) -> WebhookWithSecret:
        """Create a webhook and its secret, which cannot be read again.

        Raises:
            InvalidRequest: the URL must not be called.
            LimitReached: the tenant has reached its number of webhooks.
        """
        self.check_url(spec.url)
        endpoint, secret = self._with_new_secret(self._build(principal, spec, None))
        return {**self._view(self._insert(principal, endpoint)), "secret": secret}

    def change(self, principal: Principal, name: str, changes: Mapping[str, Any]) -> WebhookView:
        """Change some fields: those of the filter one by one, headers all at once.

        A hidden URL or hidden headers that a client sends back as it read them stay as they are.

        Raises:
            NotFound: the tenant has no such webhook.
            InvalidRequest: a value is not valid, or the URL must not be called.
            VersionConflict: another request changed it first.
        """
        before = self.require(principal, name)
        changes = _without_shown(before, changes)
        spec = validated(WebhookSpec, self._merge(before, changes))
        if spec.url != before.url:
            self.check_url(spec.url)
        after = self._build(principal, spec, before)
        if "headers" in changes:
            after = self._with_headers(after, spec.headers)
        if spec.enabled and not before.enabled:
            self.health.reset(before.id, self.health.load(before.id), self.clock.wall_ms())
        # Stored headers are encrypted: a request that sends some counts as a change of them.
        changed = {*changed_fields(asdict(before), asdict(after)), *changes.keys() & {"headers"}}
        writes = self._writes(principal, "changed", before, changed - {"updated_at_ms"})
        return self._view(self.repository.replace(before, after, writes))

    def rotate(self, principal: Principal, endpoint_id: str, rotation: Rotation) -> WebhookWithSecret:
        """Create a new secret; all earlier ones that still sign do so until the end of the new overlap.

        They share one end, so that `X-Webhook-Signature` passes from the oldest straight to the newest: the
        secret of a rotation whose response was lost, which nobody has, never signs it alone.

        Raises:
            LimitReached: too many earlier secrets still sign.
        """
        before, now_ms = self.require(principal, endpoint_id), self.clock.wall_ms()
        renewed, secret = self._with_new_secret(before)
        after = replace(
            renewed, **_overlap(before, rotation.overlap_seconds * 1000, now_ms), updated_at_ms=now_ms
        )
        saved = self.repository.replace(before, after, self._writes(principal, "secret_rotated", before))
        return {**self._view(saved), "secret": secret}

    def end_overlap(self, principal: Principal, endpoint_id: str) -> WebhookView:
        """Stop signing with earlier secrets; do nothing if there are none."""
        before = self.require(principal, endpoint_id)
        if not before.previous_secrets:
            return self._view(before)
        after = replace(
            before, previous_secrets=(), previous_until_ms=None, updated_at_ms=self.clock.wall_ms()
        )
        return self._view(
            self.repository.replace(before, after, self._writes(principal, "overlap_ended", before))
        )

    def _all(self, principal: Principal) -> Sequence[Endpoint]:
        found = self.repository.all(principal.tenant_id)
        return [endpoint for endpoint in found if endpoint.livemode is principal.livemode]

    def _load(self, principal: Principal, name: str) -> Endpoint | None:
        found = self.repository.load(principal.tenant_id, name)
        return found if found and found.livemode is principal.livemode else None

    def _build(self, principal: Principal, spec: WebhookSpec, before: Endpoint | None) -> Endpoint:
        """Build an endpoint without a secret, or one that keeps the secret and headers of `before`."""
        now_ms = self.clock.wall_ms()
        new = Endpoint(
            id=f"wh_{uuid.uuid4().hex[:20]}",
            tenant_id=principal.tenant_id,
            livemode=principal.livemode,
            url=spec.url,
            secret=b"",
            created_at_ms=now_ms,
            updated_at_ms=now_ms,
        )
        endpoint = replace(
            before or new,
            url=spec.url,
            events=tuple(spec.filter.events),
            include_transcript=spec.filter.include_transcript,
            include_metrics=spec.filter.include_metrics,
            max_attempts=spec.max_attempts,
            description=spec.description,
            rate_limit_per_s=spec.rate_limit_per_s,
            enabled=spec.enabled,
            disabled_reason=None if spec.enabled else (before or new).disabled_reason or "by request",
            updated_at_ms=now_ms,
        )
        return endpoint if before else self._with_headers(endpoint, spec.headers)

    def _with_headers(self, endpoint: Endpoint, headers: Mapping[str, str]) -> Endpoint:
        encrypted = self.secrets.encrypt(endpoint.tenant_id, endpoint.id, headers) if headers else None
        return replace(endpoint, headers=encrypted, header_names=tuple(sorted(headers)))

    def _with_new_secret(self, endpoint: Endpoint) -> tuple[Endpoint, str]:
        secret = generate_secret(random.token_bytes(_SECRET_BYTES))
        encrypted = self.secrets.encrypt(endpoint.tenant_id, endpoint.id, {"secret": secret})
        return replace(endpoint, secret=encrypted), secret

    def _view(self, resource: Endpoint) -> WebhookView:
        return webhook_view(resource, self.health.load(resource.id), self.clock.wall_ms())

    def _merge(self, before: Endpoint, changes: Mapping[str, Any]) -> dict[str, Any]:
        values = {
            "url": before.url,
            "max_attempts": before.max_attempts,
            "description": before.description,
            "rate_limit_per_s": before.rate_limit_per_s,
            "enabled": before.enabled,
        }
        filter_before = {
            "events": list(before.events),
            "include_transcript": before.include_transcript,
            "include_metrics": before.include_metrics,
        }
        filter_changes = changes.get("filter", {})
        merged = filter_before | filter_changes if isinstance(filter_changes, dict) else filter_changes
        return values | dict(changes) | {"filter": merged}


def _without_shown(before: Endpoint, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what is as it is shown, where that hides the stored value."""
    shown = {"url": before.shown_url, "headers": shown_headers(before)}
    return {name: value for name, value in changes.items() if name not in shown or value != shown[name]}


def _overlap(before: Endpoint, overlap_ms: int, now_ms: int) -> dict[str, Any]:
    """Return the earlier secrets after a rotation, and their end; an overlap of 0 ends all of them."""
    if not overlap_ms:
        return {"previous_secrets": (), "previous_until_ms": None}
    until_ms, earlier = now_ms + overlap_ms, before.previous_secrets
    if not before.overlaps(now_ms):
        earlier = ()
    if len(earlier) >= MAX_PREVIOUS_SECRETS:
        raise LimitReached(f"{MAX_PREVIOUS_SECRETS} earlier secrets still sign: end their overlap first")
    promised_ms = before.previous_until_ms or 0
    return {
        "previous_secrets": (*earlier, before.secret),
        "previous_until_ms": max(until_ms, promised_ms) if earlier else until_ms,
    }
