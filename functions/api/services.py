"""What the routes work with, built once per process."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from trunkline import aws
from trunkline.calls.cancel import CancelDesk
from trunkline.calls.model import Call
from trunkline.calls.place import CallDesk
from trunkline.calls.read import CallReader
from trunkline.calls.store import CallStore
from trunkline.clock import SystemClock
from trunkline.dialing.lane import LaneStore
from trunkline.dialing.line import Line
from trunkline.dialing.nudge import Nudge
from trunkline.dialing.queue import Census, Queue
from trunkline.dialing.trunk_desk import TrunkDesk
from trunkline.dialing.trunk_store import TrunkStore
from trunkline.dialing.wake import WakeQueue
from trunkline.errors import LiveKitNotConfigured
from trunkline.livekit.credentials import LiveKitSecret
from trunkline.observability import logger
from trunkline.settings import ApiSettings
from trunkline.table import Table
from trunkline.tenants.agents import AgentStore
from trunkline.tenants.keys import ApiKeyStore

log = logger("api")


@dataclass(frozen=True)
class Services:
    keys: ApiKeyStore
    desk: CallDesk
    cancels: CancelDesk
    reader: CallReader
    trunks: TrunkDesk


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
    wakes = WakeQueue(aws.client("sqs"), settings.dial_queue_url)
    nudge = Nudge(wakes, clock, log)
    trunks, line, lanes = TrunkStore(table), Line(table), LaneStore(table, clock)
    queue = Queue(line, lanes, trunks, Census(table, line), clock)
    desk = CallDesk(
        calls=calls,
        agents=AgentStore(table),
        trunks=trunks,
        wakes=wakes,
        nudge=nudge,
        clock=clock,
        check_livekit=livekit.read,
    )
    cancels = CancelDesk(calls, nudge, clock, lambda call: _hang_up(livekit, call))
    return Services(
        keys=ApiKeyStore(table, pepper),
        desk=desk,
        cancels=cancels,
        reader=CallReader(calls, queue),
        trunks=TrunkDesk(trunks, lanes, calls, queue, nudge, clock),
    )


def _hang_up(livekit: LiveKitSecret, call: Call) -> None:
    """Ask LiveKit at once; when that fails, the lane's run and the caretaker ask again."""
    # Only this route speaks to LiveKit: the others do not pay for its import on a cold start.
    from trunkline.livekit.client import LiveKitUnavailable  # noqa: PLC0415
    from trunkline.livekit.hangup import hang_up  # noqa: PLC0415

    try:
        hang_up(livekit.read(), call.room_name or "", call.claim)
    except (LiveKitUnavailable, LiveKitNotConfigured) as error:
        log.warning("not hung up yet", call_id=call.id, cause=str(error))
