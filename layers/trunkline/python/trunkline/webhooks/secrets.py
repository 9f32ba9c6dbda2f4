"""Webhooks' secrets and headers: encrypted in the table, in the clear only where a request is signed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trunkline.storage.encryption import EnvelopeCipher, context_for_webhook
from trunkline.webhooks.models import Endpoint

_KEPT = 500


class EndpointSecrets:
    """Seals and opens; what was opened is kept in memory by version, so that a request costs no KMS call."""

    def __init__(self, cipher: EnvelopeCipher) -> None:
        self._cipher = cipher
        self._opened: dict[tuple[str, int], tuple[list[str], dict[str, str]]] = {}

    def seal(self, tenant_id: str, endpoint_id: str, values: Mapping[str, Any]) -> bytes:
        """Encrypt for an endpoint."""
        return self._cipher.encrypt(context_for_webhook(tenant_id, endpoint_id), dict(values))

    def opened(self, endpoint: Endpoint, now_ms: int) -> tuple[list[str], dict[str, str]]:
        """The secrets to sign with, the oldest first, and the endpoint's own headers."""
        key = (endpoint.id, endpoint.version)
        if key not in self._opened:
            if len(self._opened) >= _KEPT:
                self._opened.clear()
            sealed = [each for each in (endpoint.previous_secret, endpoint.secret) if each]
            secrets = [str(self._open(endpoint, each)["secret"]) for each in sealed]
            headers = self._open(endpoint, endpoint.headers) if endpoint.headers else {}
            self._opened[key] = (secrets, headers)
        secrets, headers = self._opened[key]
        overlap = endpoint.previous_until_ms is not None and now_ms < endpoint.previous_until_ms
        return (secrets if overlap else secrets[-1:]), headers

    def _open(self, endpoint: Endpoint, ciphertext: bytes) -> dict[str, Any]:
        return self._cipher.decrypt(context_for_webhook(endpoint.tenant_id, endpoint.id), ciphertext)
