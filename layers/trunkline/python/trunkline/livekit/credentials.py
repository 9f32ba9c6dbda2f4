"""The LiveKit project a deployment dials through, kept in Secrets Manager."""

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

_MAX_AGE_MS = 60_000


@dataclass(frozen=True)
class LiveKitCredentials:
    """A project's address and keys.

    `tenant_id` is the tenant whose own it is, None for the deployment's; `door` is what requests to an
    address that a tenant chose may reach.
    """

    url: str
    api_key: str
    api_secret: str = field(repr=False)
    tenant_id: str | None = None
    address_policy: AddressPolicy | None = None

    @property
    def join_url(self) -> str:
        """Where people's clients connect to."""
        return self.url.replace("http", "ws", 1) if self.url.startswith("http") else self.url

    @property
    def project(self) -> str:
        """What tells one LiveKit project from another: its host."""
        return urlsplit(self.url).netloc.lower()


class SecretsReader:
    """Reads the secrets of tenants' own projects."""

    def __init__(self, client: SecretsManagerClient, address_policy: AddressPolicy) -> None:
        self._client = client
        self._address_policy = address_policy

    def read(self, arn: str, tenant_id: str) -> LiveKitCredentials:
        """A tenant's project; an incomplete secret raises `LiveKitNotConfigured`."""
        answer = self._client.get_secret_value(SecretId=arn)
        return replace(
            _parse(answer["SecretString"]), tenant_id=tenant_id, address_policy=self._address_policy
        )


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

    def known(self) -> LiveKitCredentials | None:
        """The credentials; None where the deployment has no project."""
        try:
            return self.read()
        except LiveKitNotConfigured:
            return None

    def write(self, credentials: LiveKitCredentials) -> None:
        """Put the credentials in; functions see them within a minute."""
        self._client.put_secret_value(SecretId=self._arn, SecretString=as_secret(credentials))


def as_secret(credentials: LiveKitCredentials) -> str:
    """The text that a secret holds."""
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
