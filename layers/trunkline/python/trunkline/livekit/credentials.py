"""The LiveKit project a deployment dials through, kept in Secrets Manager."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from trunkline.clock import Clock
from trunkline.errors import LiveKitNotConfigured

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

_MAX_AGE_MS = 60_000


@dataclass(frozen=True)
class LiveKitCredentials:
    url: str
    api_key: str
    api_secret: str = field(repr=False)

    @property
    def join_url(self) -> str:
        """Where people's clients connect to."""
        return self.url.replace("http", "ws", 1) if self.url.startswith("http") else self.url

    @property
    def project(self) -> str:
        """What tells one LiveKit project from another: its host."""
        return urlsplit(self.url).netloc.lower()


class LiveKitSecret:
    """Reads the secret and keeps it for a minute; "not configured" is never kept."""

    def __init__(self, client: SecretsManagerClient, arn: str, clock: Clock) -> None:
        self._client = client
        self._arn = arn
        self._clock = clock
        self._kept: LiveKitCredentials | None = None
        self._read_at_ms = 0

    def read(self) -> LiveKitCredentials:
        """Return the credentials.

        Raises:
            LiveKitNotConfigured: the secret holds no complete project.
        """
        now_ms = self._clock.wall_ms()
        if self._kept and now_ms - self._read_at_ms < _MAX_AGE_MS:
            return self._kept
        answer = self._client.get_secret_value(SecretId=self._arn)
        self._kept = _parse(answer["SecretString"])
        self._read_at_ms = now_ms
        return self._kept

    def write(self, credentials: LiveKitCredentials) -> None:
        """Put the credentials in; functions see them within a minute."""
        values = {
            "url": credentials.url,
            "api_key": credentials.api_key,
            "api_secret": credentials.api_secret,
        }
        self._client.put_secret_value(SecretId=self._arn, SecretString=json.dumps(values))


def _parse(text: str) -> LiveKitCredentials:
    try:
        values = json.loads(text)
        found = [values[name] for name in ("url", "api_key", "api_secret")]
    except (ValueError, KeyError, TypeError) as error:
        raise LiveKitNotConfigured from error
    if not all(isinstance(value, str) and value for value in found):
        raise LiveKitNotConfigured
    return LiveKitCredentials(*found)
