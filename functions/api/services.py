"""What the routes work with, built once per process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from trunkline import aws
from trunkline.calls.cancel import CancelDesk
from trunkline.calls.dispatch_desk import DispatchDesk
from trunkline.calls.erase import EraseDesk
from trunkline.calls.intake import Intake
from trunkline.calls.joining import JoinDesk
from trunkline.calls.listing import CallLister
from trunkline.calls.model import Call
from trunkline.calls.parts import Channel
from trunkline.calls.place import CallDesk
from trunkline.calls.read import CallReader
from trunkline.calls.store import CallStore
from trunkline.calls.transcripts import TranscriptStore
from trunkline.calls.workflow_calls import WorkflowCallDesk
from trunkline.cipher import Cipher
from trunkline.clock import SystemClock
from trunkline.dialing.lane import LaneStore
from trunkline.dialing.line import Line
from trunkline.dialing.nudge import Nudge
from trunkline.dialing.queue import Census, Queue
from trunkline.dialing.trunk_desk import TrunkDesk
from trunkline.dialing.trunk_store import TrunkStore
from trunkline.dialing.wake import WakeQueue
from trunkline.errors import InvalidRequest, LiveKitFailed, LiveKitNotConfigured
from trunkline.livekit.credentials import LiveKitSecret
from trunkline.observability import logger
from trunkline.outgoing.addresses import Door, UnsafeAddress
from trunkline.settings import ApiSettings
from trunkline.table import Table
from trunkline.tenants.agent_desk import AgentDesk
from trunkline.tenants.agents import AgentStore
from trunkline.tenants.keys import ApiKeyStore
from trunkline.tenants.retention import Retention
from trunkline.webhooks.delivery_desk import DeliveryDesk
from trunkline.webhooks.delivery_store import DeliveryStore
from trunkline.webhooks.desk import WebhookDesk
from trunkline.webhooks.endpoint_store import EndpointStore
from trunkline.webhooks.flow import DeliveryFlow
from trunkline.webhooks.gate import HealthStore
from trunkline.webhooks.sealed import Seals
from trunkline.workflows.desk import WorkflowDesk
from trunkline.workflows.store import WorkflowStore

if TYPE_CHECKING:
    from trunkline.outgoing.blocking import BlockingClient

log = logger("api")


@dataclass(frozen=True)
class Services:
    keys: ApiKeyStore
    desk: CallDesk
    workflow_calls: WorkflowCallDesk
    joins: JoinDesk
    dispatches: DispatchDesk
    erasing: EraseDesk
    cancels: CancelDesk
    reader: CallReader
    agents: AgentDesk
    workflows: WorkflowDesk
    trunks: TrunkDesk
    webhooks: WebhookDesk
    deliveries: DeliveryDesk


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
    cipher = Cipher(settings.context_key_arn)
    webhooks = WebhookDesk(
        EndpointStore(table), HealthStore(table), Seals(cipher), _check_url(settings), clock
    )
    flow = DeliveryFlow(aws.client("stepfunctions"), settings.delivery_flow_arn)
    intake = Intake(calls, wakes, nudge, clock, Retention(table, clock))
    agents, lister, workflow_store = AgentStore(table), CallLister(table), WorkflowStore(table)
    desk = CallDesk(intake, agents, trunks, livekit.read)
    workflow_calls = WorkflowCallDesk(intake, desk, workflow_store, agents, cipher, livekit.read)
    workflows = WorkflowDesk(
        workflow_store,
        agents,
        clock,
        lambda tenant_id, slug: lister.has_open(tenant_id, slug, clock.wall_ms()),
    )
    cancels = CancelDesk(calls, nudge, clock, lambda call: _hang_up(livekit, call))
    return Services(
        keys=ApiKeyStore(table, pepper),
        desk=desk,
        workflow_calls=workflow_calls,
        joins=JoinDesk(calls, livekit.read, clock),
        dispatches=DispatchDesk(calls, agents, livekit.read),
        erasing=EraseDesk(calls, table, clock),
        cancels=cancels,
        reader=CallReader(calls, TranscriptStore(table), lister, queue),
        agents=AgentDesk(agents, trunks, workflows.using_agent),
        workflows=workflows,
        trunks=TrunkDesk(trunks, lanes, calls, queue, nudge, clock),
        webhooks=webhooks,
        deliveries=DeliveryDesk(webhooks, DeliveryStore(table), flow, clock, log),
    )


def _check_url(settings: ApiSettings) -> Callable[[str], None]:
    @cache
    def outgoing() -> BlockingClient:
        # Only who makes a webhook pays for this import.
        from trunkline.outgoing.blocking import BlockingClient  # noqa: PLC0415
        from trunkline.outgoing.client import OutgoingClient  # noqa: PLC0415

        return BlockingClient(OutgoingClient(Door.parse(settings.outgoing_loopback_ports)))

    def check(url: str) -> None:
        """Refuse what may not be called, as far as it can be told today; each request looks again."""
        try:
            outgoing().check(url)
        except UnsafeAddress as error:
            raise InvalidRequest(f"Validation error: url: {error.reason}", field="url") from error

    return check


def _hang_up(livekit: LiveKitSecret, call: Call) -> None:
    """Ask LiveKit at once; when that fails, the lane's run and the caretaker ask again."""
    # Only this route speaks to LiveKit: the others do not pay for its import on a cold start.
    from trunkline.livekit.hangup import close_room, hang_up  # noqa: PLC0415

    try:
        if call.channel is Channel.WEB:
            close_room(livekit.read(), call.room_name or "")
        else:
            hang_up(livekit.read(), call.room_name or "", call.claim)
    except (LiveKitFailed, LiveKitNotConfigured) as error:
        log.warning("not hung up yet", call_id=call.id, cause=str(error))
