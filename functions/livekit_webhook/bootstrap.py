"""Composition root of `livekit_webhook`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from functions.call_resources import CallResources
from trunkline.call_control.call_checks import CallCheckQueue
from trunkline.call_control.livekit_events import LiveKitEventHandler, RoomActions
from trunkline.calls.agent_transitions import active_agent
from trunkline.calls.models import Call
from trunkline.calls.repository import CallRepository
from trunkline.core import aws_clients
from trunkline.core.logging import logger
from trunkline.core.settings import LiveKitWebhookSettings
from trunkline.livekit.credentials import LiveKitCredentials
from trunkline.livekit.projects import ProjectRegistry
from trunkline.livekit.rooms import CallAttemptRef, room_name

log = logger("livekit_webhook")


@dataclass(frozen=True)
class WebhookServices:
    """The services that handle a webhook."""

    events: LiveKitEventHandler
    projects: ProjectRegistry
    calls: CallRepository


@cache
def services() -> WebhookServices:
    """Build the services from the environment, once per process."""
    settings = LiveKitWebhookSettings.from_env()
    resources = CallResources.open(settings, log)
    calls, clock, run_is_alive = resources.calls, resources.clock, resources.lanes.run_is_alive
    projects = ProjectRegistry.open(resources.table, settings, clock)
    checks = CallCheckQueue(aws_clients.client("sqs"), settings.call_check_queue_url, clock, log)
    rooms = _room_actions(projects, calls, checks)
    events = LiveKitEventHandler(calls, resources.new_notifier(), clock, run_is_alive, rooms)
    return WebhookServices(events, projects, calls)


def _room_actions(projects: ProjectRegistry, calls: CallRepository, checks: CallCheckQueue) -> RoomActions:
    # Rarely needed, so other webhooks do not pay for the import on a cold start.
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

    return RoomActions(hang_up, close_room, agent_is_in, dispatch_again, checks.send)


def _room(claim: CallAttemptRef) -> str:
    return room_name(claim.call_id, claim.claim)
