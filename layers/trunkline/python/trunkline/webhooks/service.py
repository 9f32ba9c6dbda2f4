"""Webhooks on a tenant's behalf: list, make, change, delete, and their secrets."""

from __future__ import annotations

import secrets as random
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from trunkline.auth.audit_log import audit_write, changed_fields
from trunkline.auth.principal import Principal
from trunkline.core.clock import Clock
from trunkline.core.errors import NotFound
from trunkline.core.validation import validated
from trunkline.storage.table import Put
from trunkline.webhooks.circuit_breaker import EndpointCircuitBreaker
from trunkline.webhooks.health_repository import EndpointHealthRepository
from trunkline.webhooks.models import Endpoint
from trunkline.webhooks.repository import EndpointRepository
from trunkline.webhooks.responses import WebhookList, WebhookView, WebhookWithSecret, webhook_view
from trunkline.webhooks.schemas import Rotation, WebhookSpec
from trunkline.webhooks.secrets import EndpointSecrets
from trunkline.webhooks.signing import generate_secret

_SECRET_BYTES = 24


@dataclass(frozen=True)
class WebhookService:
    """Keeps a tenant's webhooks, those of the key's mode alone.

    `check_url` raises `InvalidRequest` for an address that may not be called.
    """

    endpoints: EndpointRepository
    health: EndpointHealthRepository
    seals: EndpointSecrets
    check_url: Callable[[str], None]
    clock: Clock

    def list(self, principal: Principal) -> WebhookList:
        """The tenant's webhooks, oldest first."""
        found = [
            each for each in self.endpoints.all(principal.tenant_id) if each.livemode is principal.livemode
        ]
        found.sort(key=lambda endpoint: endpoint.created_at_ms)
        return {"data": [self._view(endpoint) for endpoint in found], "next_cursor": None}

    def get(self, principal: Principal, endpoint_id: str) -> WebhookView:
        """One webhook; `NotFound` if the tenant has none of that id."""
        return self._view(self.own(principal, endpoint_id))

    def create(self, principal: Principal, spec: WebhookSpec) -> WebhookWithSecret:
        """Make a webhook; its secret can't be read again.

        Raises:
            InvalidRequest: the URL may not be called.
            LimitReached: the tenant has as many as it may.
        """
        self.check_url(spec.url)
        secret, endpoint_id = (
            generate_secret(random.token_bytes(_SECRET_BYTES)),
            f"wh_{uuid.uuid4().hex[:20]}",
        )
        now_ms = self.clock.wall_ms()
        blank = Endpoint(
            id=endpoint_id,
            tenant_id=principal.tenant_id,
            livemode=principal.livemode,
            url=spec.url,
            secret=self.seals.seal(principal.tenant_id, endpoint_id, {"secret": secret}),
            created_at_ms=now_ms,
            updated_at_ms=now_ms,
        )
        endpoint = self._as_wished(blank, spec, spec.headers)
        self.endpoints.create(endpoint, [self._noted(principal, "created", endpoint)])
        return {**webhook_view(endpoint, EndpointCircuitBreaker(), now_ms), "secret": secret}

    def change(self, principal: Principal, endpoint_id: str, changes: Mapping[str, Any]) -> WebhookView:
        """Change some fields; fields of the filter one by one, headers all at once.

        Raises:
            NotFound: the tenant has none of that id.
            InvalidRequest: a field is wrong, or the URL may not be called.
            VersionConflict: another request was quicker.
        """
        before = self.own(principal, endpoint_id)
        spec = validated(WebhookSpec, _values(before, changes))
        if spec.url != before.url:
            self.check_url(spec.url)
        headers = spec.headers if "headers" in changes else None
        after = replace(self._as_wished(before, spec, headers), updated_at_ms=self.clock.wall_ms())
        if spec.enabled and not before.enabled:
            self.health.worked(before.id)
        changed = [*changed_fields(asdict(before), asdict(after)), *([] if headers is None else ["headers"])]
        noted = self._noted(principal, "changed", before, set(changed) - {"updated_at_ms"})
        return self._view(self.endpoints.save(after, [noted]))

    def delete(self, principal: Principal, endpoint_id: str) -> None:
        """Delete a webhook; what is on its way to it is given up."""
        endpoint = self.own(principal, endpoint_id)
        self.endpoints.delete(endpoint, [self._noted(principal, "deleted", endpoint)])

    def rotate(self, principal: Principal, endpoint_id: str, rotation: Rotation) -> WebhookWithSecret:
        """Make a new secret; the old one signs beside it for a while."""
        before, now_ms = self.own(principal, endpoint_id), self.clock.wall_ms()
        secret = generate_secret(random.token_bytes(_SECRET_BYTES))
        overlap_s = rotation.overlap_seconds
        after = replace(
            before,
            secret=self.seals.seal(before.tenant_id, before.id, {"secret": secret}),
            previous_secret=before.secret if overlap_s else None,
            previous_until_ms=now_ms + overlap_s * 1000 if overlap_s else None,
            updated_at_ms=now_ms,
        )
        noted = self._noted(principal, "secret_rotated", before)
        return {**self._view(self.endpoints.save(after, [noted])), "secret": secret}

    def end_overlap(self, principal: Principal, endpoint_id: str) -> WebhookView:
        """From now on the new secret signs alone; where no old one is left nothing changes."""
        before = self.own(principal, endpoint_id)
        if before.previous_secret is None:
            return self._view(before)
        after = replace(before, previous_secret=None, previous_until_ms=None)
        after = replace(after, updated_at_ms=self.clock.wall_ms())
        noted = self._noted(principal, "overlap_ended", before)
        return self._view(self.endpoints.save(after, [noted]))

    def own(self, principal: Principal, endpoint_id: str) -> Endpoint:
        """A webhook of the tenant's and of the key's mode; another's is as good as none."""
        found = self.endpoints.load(principal.tenant_id, endpoint_id)
        if found is None or found.livemode is not principal.livemode:
            raise NotFound("Webhook not found")
        return found

    def _noted(self, principal: Principal, what: str, endpoint: Endpoint, changed: Iterable[str] = ()) -> Put:
        return audit_write(principal, self.clock.wall_ms(), f"webhook.{what}", endpoint.id, changed)

    def _as_wished(
        self, endpoint: Endpoint, spec: WebhookSpec, headers: Mapping[str, str] | None
    ) -> Endpoint:
        """`headers` of None leaves those there are, whose values nobody here can read."""
        wished = replace(
            endpoint,
            url=spec.url,
            events=tuple(spec.filter.events),
            include_transcript=spec.filter.include_transcript,
            include_metrics=spec.filter.include_metrics,
            max_attempts=spec.max_attempts,
            description=spec.description,
            rate_limit_per_s=spec.rate_limit_per_s,
            enabled=spec.enabled,
            disabled_reason=None if spec.enabled else endpoint.disabled_reason or "by request",
        )
        if headers is None:
            return wished
        sealed = self.seals.seal(endpoint.tenant_id, endpoint.id, headers) if headers else None
        return replace(wished, headers=sealed, header_names=tuple(sorted(headers)))

    def _view(self, endpoint: Endpoint) -> WebhookView:
        return webhook_view(endpoint, self.health.load(endpoint.id), self.clock.wall_ms())


def _values(before: Endpoint, changes: Mapping[str, Any]) -> dict[str, Any]:
    kept = {
        "url": before.url,
        "max_attempts": before.max_attempts,
        "description": before.description,
        "rate_limit_per_s": before.rate_limit_per_s,
        "enabled": before.enabled,
    }
    chosen = {
        "events": list(before.events),
        "include_transcript": before.include_transcript,
        "include_metrics": before.include_metrics,
    }
    wished = changes.get("filter", {})
    merged = chosen | wished if isinstance(wished, dict) else wished
    return kept | dict(changes) | {"filter": merged}
