"""What the routes work with, built once per process."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from trunkline import aws
from trunkline.calls.place import CallDesk
from trunkline.calls.store import CallStore
from trunkline.clock import SystemClock
from trunkline.dialing.trunks import TrunkStore
from trunkline.dialing.wake import WakeQueue
from trunkline.livekit.credentials import LiveKitSecret
from trunkline.settings import ApiSettings
from trunkline.table import Table
from trunkline.tenants.agents import AgentStore
from trunkline.tenants.keys import ApiKeyStore


@dataclass(frozen=True)
class Services:
    keys: ApiKeyStore
    calls: CallStore
    desk: CallDesk


@cache
def services() -> Services:
    """Build the services from the environment; the pepper is read once, it never changes."""
    settings = ApiSettings.from_env()
    table = Table(aws.client("dynamodb"), settings.table_name)
    secrets = aws.client("secretsmanager")
    clock = SystemClock()
    calls = CallStore(table)
    livekit = LiveKitSecret(secrets, settings.livekit_secret_arn, clock)
    pepper = secrets.get_secret_value(SecretId=settings.key_pepper_arn)["SecretString"]
    desk = CallDesk(
        calls=calls,
        agents=AgentStore(table),
        trunks=TrunkStore(table),
        wakes=WakeQueue(aws.client("sqs"), settings.dial_queue_url),
        clock=clock,
        check_livekit=livekit.read,
    )
    return Services(ApiKeyStore(table, pepper), calls, desk)
