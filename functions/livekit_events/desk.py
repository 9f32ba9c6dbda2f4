"""What the webhooks work with, built once per process."""

from __future__ import annotations

from functools import cache

from trunkline import aws
from trunkline.calls.model import Call
from trunkline.calls.news import NewsDesk, Reach
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
    return NewsDesk(CallStore(table), nudge, clock, alive, _reach(secret)), secret


def _reach(secret: LiveKitSecret) -> Reach:
    # Hardly ever needed: the other webhooks do not pay for the import on a cold start.
    def hang_up(claim: ClaimName) -> None:
        from trunkline.livekit import hangup  # noqa: PLC0415

        hangup.hang_up(secret.read(), _room(claim), claim.claim)

    def close_room(claim: ClaimName) -> None:
        from trunkline.livekit import hangup  # noqa: PLC0415

        hangup.close_room(secret.read(), _room(claim))

    def agent_is_in(claim: ClaimName) -> bool:
        from trunkline.livekit import hangup  # noqa: PLC0415

        return hangup.agent_is_in(secret.read(), _room(claim))

    def dispatch_again(call: Call) -> None:
        from trunkline.livekit import hangup  # noqa: PLC0415

        hangup.dispatch_again(secret.read(), call.room_name or "", call.agent.livekit_agent_name, call.id)

    return Reach(hang_up, close_room, agent_is_in, dispatch_again)


def _room(claim: ClaimName) -> str:
    return room_name(claim.call_id, claim.claim)
