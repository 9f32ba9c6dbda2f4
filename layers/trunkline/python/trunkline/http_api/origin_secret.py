"""The secret by which the API knows that a request came by way of CloudFront."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from trunkline.core.clock import Clock

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

ORIGIN_HEADER = "x-origin-verify"
_CACHE_MS = 60_000


class OriginSecret:
    """Compares what a request holds with the secret, which it reads once a minute at most.

    While the secret changes, the one before it is good, too: CloudFront's servers take the new one over
    within minutes.
    """

    def __init__(self, client: SecretsManagerClient, arn: str, clock: Clock) -> None:
        self._client = client
        self._arn = arn
        self._clock = clock
        self._values: list[str] = []
        self._read_at_ms = 0

    def is_held_by(self, text: str) -> bool:
        """Tell whether a header's text is the secret."""
        held = [hmac.compare_digest(text.encode(), value.encode()) for value in self._secrets()]
        return any(held)

    def _secrets(self) -> list[str]:
        now_ms = self._clock.wall_ms()
        if not self._values or now_ms - self._read_at_ms >= _CACHE_MS:
            self._values = [self._read("AWSCURRENT"), *self._previous()]
            self._read_at_ms = now_ms
        return self._values

    def _read(self, stage: str) -> str:
        return self._client.get_secret_value(SecretId=self._arn, VersionStage=stage)["SecretString"]

    def _previous(self) -> list[str]:
        try:
            return [self._read("AWSPREVIOUS")]
        except self._client.exceptions.ResourceNotFoundException:
            return []
