"""LiveKit credentials in Secrets Manager: the deployment's project and those of tenants."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from trunkline.core.clock import Clock
from trunkline.core.errors import LiveKitNotConfigured
from trunkline.egress.address_policy import AddressPolicy

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

_CACHE_MS = 60_000


@dataclass(frozen=True)
class LiveKitCredentials:
    """Address and keys of a LiveKit project.

    `tenant_id` is the tenant that owns it, None for the deployment's; `address_policy` restricts requests
    to an address that a tenant chose.
    """

    url: str
    api_key: str
    api_secret: str = field(repr=False)
    tenant_id: str | None = None
    address_policy: AddressPolicy | None = None

    @property
    def join_url(self) -> str:
        """The address that callers' clients connect to."""
        return self.url.replace("http", "ws", 1) if self.url.startswith("http") else self.url

    @property
    def project(self) -> str:
        """The host, which identifies a LiveKit project."""
        return urlsplit(self.url).netloc.lower()


class SecretsReader:
    """Reads the secrets of tenants' own projects."""

    def __init__(self, client: SecretsManagerClient, address_policy: AddressPolicy) -> None:
        self._client = client
        self._address_policy = address_policy

    def read(self, arn: str, tenant_id: str) -> LiveKitCredentials:
        """Read a tenant's project.

        Raises:
            LiveKitNotConfigured: the secret is incomplete.
        """
        answer = self._client.get_secret_value(SecretId=arn)
        return replace(
            _parse(answer["SecretString"]), tenant_id=tenant_id, address_policy=self._address_policy
        )


class LiveKitSecret:
    """Reads the deployment's secret and caches it for a minute; "not configured" is not cached."""

    def __init__(self, client: SecretsManagerClient, arn: str, clock: Clock) -> None:
        self._client = client
        self._arn = arn
        self._clock = clock
        self._cached: LiveKitCredentials | None = None
        self._read_at_ms = 0

    def read(self, max_age_ms: int = _CACHE_MS) -> LiveKitCredentials:
        """Return the credentials as they were at most `max_age_ms` ago.

        Raises:
            LiveKitNotConfigured: the secret is incomplete.
        """
        now_ms = self._clock.wall_ms()
        if self._cached and now_ms - self._read_at_ms < max_age_ms:
            return self._cached
        answer = self._client.get_secret_value(SecretId=self._arn)
        self._cached = _parse(answer["SecretString"])
        self._read_at_ms = now_ms
        return self._cached

    def read_or_none(self, max_age_ms: int = _CACHE_MS) -> LiveKitCredentials | None:
        """Return the credentials; None if the deployment has no project."""
        try:
            return self.read(max_age_ms)
        except LiveKitNotConfigured:
            return None

    def forget(self) -> None:
        """Read the secret again at the next use."""
        self._cached = None

    def write(self, credentials: LiveKitCredentials) -> None:
        """Store the credentials; functions use them within a minute."""
        self._client.put_secret_value(SecretId=self._arn, SecretString=as_secret(credentials))


def as_secret(credentials: LiveKitCredentials) -> str:
    """Serialize credentials to the text of a secret."""
    values = {"url": credentials.url, "api_key": credentials.api_key, "api_secret": credentials.api_secret}
    return json.dumps(values)


def _parse(text: str) -> LiveKitCredentials:
    try:
        values = json.loads(text)
        found = [values[name] for name in ("url", "api_key", "api_secret")]
    except (ValueError, KeyError, TypeError) as error:
        raise LiveKitNotConfigured from error
    if not all(isinstance(value, str) and value for value in found):
        raise LiveKitNotConfigured
    return LiveKitCredentials(*found)
