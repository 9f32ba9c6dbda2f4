"""Reader of LiveKit and of the receiver of its webhooks."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import httpx

from trunkline.core.clock import SystemClock
from trunkline.core.errors import LiveKitFailed, TrunklineError
from trunkline.egress.address_policy import AddressPolicy
from trunkline.livekit.credentials import LiveKitCredentials, LiveKitSecret, SecretsReader
from trunkline.livekit.projects import ProjectRegistry
from trunkline.livekit.sync_client import known_trunks, refuses_credentials, try_credentials
from trunkline.livekit.webhook_probe import signed_probe
from trunkline.storage.table import Table
from trunkline.trunks.models import Trunk
from trunkline.trunks.repository import TrunkRepository
from trunkline_cli.doctor.aws_reader import seconds_ahead_of
from trunkline_cli.doctor.livekit_checks import TrunksRead

_TIMEOUT_S = 15


class LiveKitReader:
    """Reads the deployment's LiveKit project, and those of tenants that have one of their own."""

    def __init__(self, secrets: Any, dynamodb: Any, outputs: Mapping[str, str]) -> None:
        clock = SystemClock()
        table = Table(dynamodb, outputs["TableName"])
        self._secret = LiveKitSecret(secrets, outputs["LiveKitSecretArn"], clock)
        reader = SecretsReader(secrets, AddressPolicy.parse("none"))
        self._projects = ProjectRegistry(table, self._secret, reader, clock)
        self._trunks = TrunkRepository(table)

    def credentials(self) -> LiveKitCredentials:
        """Read the deployment's project.

        Raises:
            LiveKitNotConfigured: the secret has none.
        """
        return self._secret.read()

    def trunks(self) -> TrunksRead:
        """Ask each project for the trunks that are declared to be in it."""
        by_project: dict[str | None, list[Trunk]] = defaultdict(list)
        for trunk_id in self._trunks.ids():
            trunk = self._trunks.load(trunk_id)
            if trunk and not trunk.test:
                by_project[trunk.livekit_tenant_id].append(trunk)
        known: list[str] = []
        missing: list[str] = []
        unread: list[str] = []
        for owner, trunks in by_project.items():
            try:
                there = known_trunks(self._projects.for_owner(owner), [each.sip_trunk_id for each in trunks])
            except TrunklineError:
                unread += _named(trunks)
                continue
            known += _named(each for each in trunks if each.sip_trunk_id in there)
            missing += _named(each for each in trunks if each.sip_trunk_id not in there)
        return TrunksRead(known, missing, unread)


def try_login(credentials: LiveKitCredentials) -> tuple[bool, bool]:
    """Try the credentials; return whether LiveKit refuses them, and whether it answered."""
    try:
        try_credentials(credentials)
    except LiveKitFailed as error:
        return refuses_credentials(error), False
    return False, True


def livekit_skew_s(credentials: LiveKitCredentials) -> float | None:
    """Return how far this machine's clock is ahead of LiveKit's; None if LiveKit does not tell its time."""
    url = credentials.url.replace("ws", "http", 1) if credentials.url.startswith("ws") else credentials.url
    date = httpx.get(url, timeout=_TIMEOUT_S).headers.get("date")
    return seconds_ahead_of(date) if date else None


def send_test_webhook(url: str, credentials: LiveKitCredentials) -> int:
    """Send a signed webhook that changes nothing; return the status of the answer."""
    body, authorization = signed_probe(credentials, int(time.time()))
    headers = {"Authorization": authorization, "Content-Type": "application/webhook+json"}
    return httpx.post(url, content=body, headers=headers, timeout=_TIMEOUT_S).status_code


def ask_without_key(api_url: str) -> int:
    """Send a request without an API key; return the status of the answer."""
    return httpx.get(f"{api_url}/api/v1/calls", timeout=_TIMEOUT_S).status_code


def _named(trunks: Iterable[Trunk]) -> list[str]:
    return [f"{trunk.name} ({trunk.sip_trunk_id})" for trunk in trunks]
