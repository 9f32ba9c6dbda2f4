"""Encryption of endpoints' secrets and headers, which are decrypted only to sign and send a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trunkline.storage.encryption import EnvelopeCipher, context_for_webhook
from trunkline.webhooks.models import Endpoint

_MAX_CACHED = 500


class EndpointSecrets:
    """Encrypts and decrypts. Decrypted values are cached by version, so that a request costs no KMS call."""

    def __init__(self, cipher: EnvelopeCipher) -> None:
        self._cipher = cipher
        self._cache: dict[tuple[str, int], tuple[list[str], dict[str, str]]] = {}

    def encrypt(self, tenant_id: str, endpoint_id: str, values: Mapping[str, Any]) -> bytes:
        return self._cipher.encrypt(context_for_webhook(tenant_id, endpoint_id), dict(values))

    def decrypt(self, endpoint: Endpoint, now_ms: int) -> tuple[list[str], dict[str, str]]:
        """Return the secrets to sign with, the oldest first, and the endpoint's own headers."""
        key = (endpoint.id, endpoint.version)
        if key not in self._cache:
            if len(self._cache) >= _MAX_CACHED:
                self._cache.clear()
            ciphertexts = (*endpoint.previous_secrets, endpoint.secret)
            secrets = [str(self._decrypt(endpoint, secret)["secret"]) for secret in ciphertexts]
            headers = self._decrypt(endpoint, endpoint.headers) if endpoint.headers else {}
            self._cache[key] = (secrets, headers)
        secrets, headers = self._cache[key]
        return (secrets if endpoint.overlaps(now_ms) else secrets[-1:]), headers

    def _decrypt(self, endpoint: Endpoint, ciphertext: bytes) -> dict[str, Any]:
        return self._cipher.decrypt(context_for_webhook(endpoint.tenant_id, endpoint.id), ciphertext)
