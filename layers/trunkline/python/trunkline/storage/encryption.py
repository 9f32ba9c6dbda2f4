"""Client-side envelope encryption of personal data and secrets (AWS Encryption SDK).

The encryption context names the purpose, the tenant and the owning record, so that the ciphertext of one
call is refused for another, and a role may be allowed a single purpose.
Source: https://docs.aws.amazon.com/encryption-sdk/latest/developer-guide/concepts.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from trunkline.core.json_text import json_text

PERSONAL_DATA = "trunkline"
"""Purpose of callees' personal data."""

WEBHOOKS = "trunkline-webhooks"
"""Purpose of the secrets and headers of webhooks."""

RESPONSES = "trunkline-answers"
"""Purpose of responses that are stored for repeated requests."""

TOOLS = "trunkline-tools"
"""Purpose of the secrets that tools refer to."""

TRIGGERS = "trunkline-triggers"
"""Purpose of the secrets of triggers."""

TEMPLATES = "trunkline-templates"
"""Purpose of the `user_context` in stored templates of calls."""


class EncryptionFailed(Exception):
    """KMS gave no data key; the same may succeed later."""


class DecryptionFailed(Exception):
    """The ciphertext was altered, or belongs to another record."""


@dataclass(frozen=True)
class EncryptionContext:
    """The record that a ciphertext belongs to."""

    purpose: str
    tenant_id: str
    kind: str
    id: str

    @property
    def context(self) -> dict[str, str]:
        return {"purpose": self.purpose, "tenant_id": self.tenant_id, f"{self.kind}_id": self.id}


def context_for_call(tenant_id: str, call_id: str) -> EncryptionContext:
    """Return the context of the personal data of a call."""
    return EncryptionContext(PERSONAL_DATA, tenant_id, "call", call_id)


def context_for_webhook(tenant_id: str, webhook_id: str) -> EncryptionContext:
    """Return the context of a webhook's secret and headers."""
    return EncryptionContext(WEBHOOKS, tenant_id, "webhook", webhook_id)


def context_for_secret(tenant_id: str, name: str) -> EncryptionContext:
    """Return the context of a secret that tools refer to."""
    return EncryptionContext(TOOLS, tenant_id, "secret", name)


def context_for_trigger(tenant_id: str, trigger_id: str) -> EncryptionContext:
    """Return the context of a trigger's secret."""
    return EncryptionContext(TRIGGERS, tenant_id, "trigger", trigger_id)


def context_for_template(tenant_id: str, owner_id: str) -> EncryptionContext:
    """Return the context of the `user_context` in a schedule's, trigger's or batch's template."""
    return EncryptionContext(TEMPLATES, tenant_id, "template", owner_id)


def context_for_stored_response(tenant_id: str, request_id: str) -> EncryptionContext:
    """Return the context of the stored response of a request with an idempotency key."""
    return EncryptionContext(RESPONSES, tenant_id, "request", request_id)


class EnvelopeCipher:
    """Encrypts and decrypts JSON objects under one KMS key, each with a data key of its own.

    The SDK takes 0.2 s to import, so it is imported at the first use. `key_provider` creates the SDK's
    master key provider; the default is one for the key of that ARN.
    """

    def __init__(self, key_arn: str, key_provider: Callable[[str], Any] | None = None) -> None:
        self._key_arn = key_arn
        self._key_provider = key_provider or _kms_provider

    def encrypt(self, owner: EncryptionContext, values: dict[str, Any]) -> bytes:
        """Encrypt an object (one GenerateDataKey).

        Raises:
            EncryptionFailed: KMS gave no data key.
        """
        from aws_encryption_sdk.exceptions import AWSEncryptionSDKClientError  # noqa: PLC0415

        client, algorithm = self._client
        try:
            ciphertext, _ = client.encrypt(
                source=json_text(values).encode(),
                key_provider=self._provider,
                encryption_context=owner.context,
                algorithm=algorithm,
            )
        except AWSEncryptionSDKClientError as error:
            raise EncryptionFailed(owner.id) from error
        return bytes(ciphertext)

    def decrypt(self, owner: EncryptionContext, ciphertext: bytes) -> dict[str, Any]:
        """Decrypt an object (one Decrypt).

        Raises:
            DecryptionFailed: it was altered, or belongs to another record.
        """
        from aws_encryption_sdk.exceptions import AWSEncryptionSDKClientError  # noqa: PLC0415

        client, _ = self._client
        try:
            plain, header = client.decrypt(source=ciphertext, key_provider=self._provider)
        except AWSEncryptionSDKClientError as error:
            raise DecryptionFailed(owner.id) from error
        if dict(header.encryption_context) != owner.context:
            raise DecryptionFailed(owner.id)
        values: dict[str, Any] = json.loads(plain)
        return values

    @cached_property
    def _provider(self) -> Any:
        return self._key_provider(self._key_arn)

    @cached_property
    def _client(self) -> tuple[Any, Any]:
        """Return the client and algorithm; key commitment without signatures.

        Whoever may encrypt may also decrypt, so a signature would prove nothing.
        """
        import aws_encryption_sdk as sdk  # noqa: PLC0415

        client = sdk.EncryptionSDKClient(
            commitment_policy=sdk.CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT, max_encrypted_data_keys=1
        )
        return client, sdk.Algorithm.AES_256_GCM_HKDF_SHA512_COMMIT_KEY


def _kms_provider(key_arn: str) -> Any:
    import aws_encryption_sdk as sdk  # noqa: PLC0415

    return sdk.StrictAwsKmsMasterKeyProvider(key_ids=[key_arn])
