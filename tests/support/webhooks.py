"""Webhooks of a tenant, their deliveries, and the guide's way to verify them."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable
from typing import Any

from local.webhook_receiver import ReceivedRequest
from tests.support.polling import poll
from tests.support.tenant import Tenant


def create_webhook(tenant: Tenant, url: str, **values: Any) -> dict[str, Any]:
    answer = tenant.api.post("/api/v1/webhooks", json={"url": url} | values)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def deliveries(tenant: Tenant, webhook: dict[str, Any], **query: Any) -> list[dict[str, Any]]:
    answer = tenant.api.get(f"/api/v1/webhooks/{webhook['id']}/deliveries", params=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["data"])


def wait_for_delivery(
    tenant: Tenant, delivery_id: str, until: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    """Poll until the delivery is as wanted."""
    return poll(lambda: dict(tenant.api.get(f"/api/v1/deliveries/{delivery_id}").json()), until)


def verified_by_the_guide(secret: str, seen: ReceivedRequest) -> bool:
    """The integration guide's `verify_signature`, word for word but for its global."""
    parts = dict(p.split("=") for p in seen.headers["X-Webhook-Signature"].split(","))
    timestamp = int(parts["t"])
    signature = parts["v1"]
    if abs(time.time() - timestamp) > 300:
        return False
    signed_payload = f"{timestamp}.{seen.body.decode()}"
    expected = hmac.new(secret.encode(), signed_payload.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(signature, expected)
