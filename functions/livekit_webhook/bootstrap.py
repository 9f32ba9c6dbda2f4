"""What the webhooks work with, built once per process."""

from __future__ import annotations

from functools import cache

from trunkline.call_control.livekit_events import LiveKitEventHandler, RoomActions
from trunkline.calls.agent_transitions import active_agent
from trunkline.calls.models import Call
from trunkline.calls.repository import CallRepository
from trunkline.core import aws_clients
from trunkline.core.clock import SystemClock
from trunkline.core.logging import logger
from trunkline.core.settings import LiveKitWebhookSettings
from trunkline.dial_queue.lease import LaneLeaseRepository
from trunkline.dial_queue.messages import WakeQueue
from trunkline.dial_queue.notifier import LaneNotifier
from trunkline.livekit.credentials import LiveKitCredentials
from trunkline.livekit.projects import ProjectRegistry
from trunkline.livekit.rooms import CallAttemptRef, room_name
from trunkline.storage.table import Table
from trunkline.trunks.repository import TrunkRepository

log = logger("livekit_webhook")


@cache
def desk() -> tuple[LiveKitEventHandler, ProjectRegistry, CallRepository]:
    settings = LiveKitWebhookSettings.from_env()
    clock = SystemClock()
    table = Table(aws_clients.client("dynamodb"), settings.table_name)
    calls, trunks = CallRepository(table), TrunkRepository(table)
    projects = ProjectRegistry.open(table, settings, clock)
    wakes = WakeQueue.open(settings)
    notifier = LaneNotifier(wakes, clock, log, trunks.granted_ids)
    alive = LaneLeaseRepository(table, clock).run_is_alive
    return LiveKitEventHandler(calls, notifier, clock, alive, _reach(projects, calls)), projects, calls


def _reach(projects: ProjectRegistry, calls: CallRepository) -> RoomActions:
    # Hardly ever needed: the other webhooks do not pay for the import on a cold start.
    def credentials(claim: CallAttemptRef) -> LiveKitCredentials:
        call = calls.load(claim.call_id)
        return projects.for_call(call) if call else projects.for_tenant(None)

    def hang_up(claim: CallAttemptRef) -> None:
        from trunkline.livekit import sync_client  # noqa: PLC0415

        sync_client.hang_up(credentials(claim), _room(claim), claim.claim)

    def close_room(claim: CallAttemptRef) -> None:
        from trunkline.livekit import sync_client  # noqa: PLC0415

        sync_client.close_room(credentials(claim), _room(claim))

    def agent_is_in(claim: CallAttemptRef) -> bool:
        from trunkline.livekit import sync_client  # noqa: PLC0415

        return sync_client.agent_is_in(credentials(claim), _room(claim))

    def dispatch_again(call: Call) -> None:
        from trunkline.livekit import sync_client  # noqa: PLC0415

        name = active_agent(call).livekit_agent_name
        sync_client.redispatch_agent(projects.for_call(call), call.room_name or "", name, call.id)

    return RoomActions(hang_up, close_room, agent_is_in, dispatch_again)


def _room(claim: CallAttemptRef) -> str:
    return room_name(claim.call_id, claim.claim)
