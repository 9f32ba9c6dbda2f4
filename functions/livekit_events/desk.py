"""What the webhooks work with, built once per process."""

from __future__ import annotations

from functools import cache

from trunkline import aws
from trunkline.calls.news import NewsDesk
from trunkline.calls.store import CallStore
from trunkline.clock import SystemClock
from trunkline.dialing.lane import LaneStore
from trunkline.dialing.nudge import Nudge
from trunkline.dialing.wake import WakeQueue
from trunkline.livekit.credentials import LiveKitSecret
from trunkline.livekit.names import ClaimName, room_name
from trunkline.observability import logger
from trunkline.settings import LiveKitEventsSettings
from trunkline.table import Table

log = logger("livekit_events")


@cache
def desk() -> tuple[NewsDesk, LiveKitSecret]:
    settings = LiveKitEventsSettings.from_env()
    clock = SystemClock()
    table = Table(aws.client("dynamodb"), settings.table_name)
    secret = LiveKitSecret(aws.client("secretsmanager"), settings.livekit_secret_arn, clock)
    nudge = Nudge(WakeQueue(aws.client("sqs"), settings.dial_queue_url), clock, log)
    alive = LaneStore(table, clock).run_is_alive
    news = NewsDesk(
        CallStore(table),
        nudge,
        clock,
        alive,
        lambda claim: _hang_up(secret, claim),
        lambda claim: _close_room(secret, claim),
    )
    return news, secret


def _hang_up(secret: LiveKitSecret, claim: ClaimName) -> None:
    # Hardly ever needed: the other webhooks do not pay for its import on a cold start.
    from trunkline.livekit.hangup import hang_up  # noqa: PLC0415

    hang_up(secret.read(), room_name(claim.call_id, claim.claim), claim.claim)


def _close_room(secret: LiveKitSecret, claim: ClaimName) -> None:
    from trunkline.livekit.hangup import close_room  # noqa: PLC0415 - as above

    close_room(secret.read(), room_name(claim.call_id, claim.claim))
