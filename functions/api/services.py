"""What the routes work with, built once per process."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial

from trunkline.agents.service import AgentService
from trunkline.auth.api_key_repository import ApiKeyRepository
from trunkline.auth.api_key_service import ApiKeyService
from trunkline.auth.audit_log import AuditLog
from trunkline.auth.authenticator import Authenticator
from trunkline.auth.cognito import CognitoUserPool
from trunkline.auth.principal import Principal
from trunkline.auth.sessions import SessionRepository
from trunkline.batches.service import BatchService
from trunkline.call_control.admission import CallAdmission
from trunkline.call_control.cancel_call import CancelCallService
from trunkline.call_control.dispatches import Dispatches, DispatchService
from trunkline.call_control.erase_call import EraseCallService
from trunkline.call_control.get_call import CallReader
from trunkline.call_control.join_tokens import JoinTokenService
from trunkline.call_control.list_calls import CallLister
from trunkline.call_control.outbound import OutboundCallService
from trunkline.call_control.quotas import QuotaService
from trunkline.call_control.reschedule_call import RescheduleCallService
from trunkline.call_control.usage import Usage
from trunkline.call_control.workflow_calls import WorkflowCallService
from trunkline.call_templates.create_call import TemplateCallCreator
from trunkline.calls.models import Call
from trunkline.calls.transcript_repository import TranscriptRepository
from trunkline.calls.user_context_repository import UserContextRepository
from trunkline.calls.value_objects import Channel
from trunkline.compliance.service import ComplianceService
from trunkline.core import aws_clients
from trunkline.core.clock import Clock
from trunkline.core.errors import LiveKitFailed, LiveKitNotConfigured
from trunkline.core.logging import logger
from trunkline.dial_queue.lease import LaneLeaseRepository
from trunkline.dial_queue.repository import DialQueue
from trunkline.dial_queue.status import QueueCheckpoints, QueueStatusReader
from trunkline.dial_queue.trunk_service import TrunkService
from trunkline.http_api.request_body import parse_object
from trunkline.livekit.project_service import LiveKitProjectService
from trunkline.schedules.eventbridge_sync import ScheduleSync
from trunkline.schedules.repository import ScheduleRepository
from trunkline.schedules.runner import ScheduleRunner
from trunkline.schedules.service import ScheduleService
from trunkline.simulator.dispatches import SimulatedDispatches
from trunkline.storage.idempotent_response import IdempotentResponses
from trunkline.tenants.settings import TenantSettingsCache
from trunkline.tool_runtime.dry_run import ToolDryRunService
from trunkline.tool_runtime.recorder import recorded_payloads
from trunkline.tools.secret_repository import SecretRepository
from trunkline.tools.secret_service import SecretService
from trunkline.tools.service import ToolService
from trunkline.triggers.event_handler import TriggerEventHandler
from trunkline.triggers.repository import TriggerRepository
from trunkline.triggers.service import TriggerService
from trunkline.webhooks.delivery_repository import DeliveryRepository
from trunkline.webhooks.delivery_service import DeliveryService
from trunkline.webhooks.health_repository import EndpointHealthRepository
from trunkline.webhooks.repository import EndpointRepository
from trunkline.webhooks.secrets import EndpointSecrets
from trunkline.webhooks.service import WebhookService
from trunkline.webhooks.state_machine import DeliveryStateMachine
from trunkline.workflows.repository import WorkflowRepository
from trunkline.workflows.service import WorkflowService

from .base import Base, open_base
from .batching import batch_desk

log = logger("api")


@dataclass(frozen=True)
class Services:
    clock: Clock
    gatekeeper: Authenticator
    sessions: SessionRepository
    user_pool: CognitoUserPool | None
    api_keys: ApiKeyService
    facts: TenantSettingsCache
    usage: Usage
    admission: QuotaService
    audit: AuditLog
    remembered: IdempotentResponses
    livekit: LiveKitProjectService
    desk: OutboundCallService
    workflow_calls: WorkflowCallService
    joins: JoinTokenService
    dispatches: DispatchService
    erasing: EraseCallService
    cancels: CancelCallService
    reschedules: RescheduleCallService
    reader: CallReader
    agents: AgentService
    workflows: WorkflowService
    trunks: TrunkService
    webhooks: WebhookService
    deliveries: DeliveryService
    tools: ToolService
    secrets: SecretService
    trials: ToolDryRunService
    rules: ComplianceService
    triggers: TriggerService
    events: TriggerEventHandler
    batches: BatchService
    schedules: ScheduleService
    ticks: ScheduleRunner


@cache
def services() -> Services:
    """Build the services from the environment."""
    base = open_base()
    keys, sessions = ApiKeyRepository(base.table), SessionRepository(base.table, base.pepper, base.clock)
    line, lanes = DialQueue(base.table), LaneLeaseRepository(base.table, base.clock)
    queue = QueueStatusReader(line, lanes, base.trunks, QueueCheckpoints(base.table, line), base.clock)
    usage, lister = Usage(base.calls, line, base.trunks), CallLister(base.table)
    admission = QuotaService(base.table, base.facts, usage.waiting, base.clock)
    phones, workflow_calls = _call_desks(base, admission)
    workflows = _workflows(base, lister)
    agents = AgentService(
        base.agents, base.trunks, base.test_trunks, base.tools, workflows.using_agent, base.clock
    )
    tools, secrets, trials = _tools(base, workflows, agents)
    ticks = ScheduleRunner(
        ScheduleRepository(base.table),
        TemplateCallCreator(phones, workflow_calls, "schedule"),
        base.clock,
        log,
        _note_owner,
    )
    webhooks = WebhookService(
        EndpointRepository(base.table),
        EndpointHealthRepository(base.table),
        EndpointSecrets(base.cipher),
        base.outgoing.check,
        base.clock,
    )
    flow = DeliveryStateMachine(aws_clients.client("stepfunctions"), base.settings.delivery_flow_arn)
    return Services(
        clock=base.clock,
        gatekeeper=Authenticator(keys, sessions, base.pepper, base.clock),
        sessions=sessions,
        user_pool=CognitoUserPool.from_settings(
            base.settings.user_pool_issuer, base.settings.user_pool_client_id
        ),
        api_keys=ApiKeyService(keys, base.facts, base.pepper, base.clock),
        facts=base.facts,
        usage=usage,
        admission=admission,
        audit=AuditLog(base.table),
        remembered=IdempotentResponses(base.table, base.cipher, base.clock),
        livekit=_own_livekit(base),
        desk=phones,
        workflow_calls=workflow_calls,
        joins=JoinTokenService(base.calls, base.projects.for_call, base.clock),
        dispatches=_dispatches(base),
        erasing=EraseCallService(base.calls, base.table, base.clock),
        cancels=CancelCallService(base.calls, base.notifier, base.clock, partial(_hang_up, base)),
        reschedules=RescheduleCallService(base.calls, base.facts, base.notifier, base.clock),
        reader=CallReader(
            base.calls,
            TranscriptRepository(base.table),
            lister,
            queue,
            partial(recorded_payloads, base.table),
        ),
        agents=agents,
        workflows=workflows,
        trunks=TrunkService(
            base.trunks, base.test_trunks, lanes, base.calls, queue, base.notifier, base.clock
        ),
        webhooks=webhooks,
        deliveries=DeliveryService(webhooks, DeliveryRepository(base.table), flow, base.clock, log),
        tools=tools,
        secrets=secrets,
        trials=trials,
        rules=ComplianceService(base.table, base.compliance, base.clock),
        triggers=TriggerService(
            TriggerRepository(base.table),
            WorkflowRepository(base.table),
            base.cipher,
            base.clock,
            base.settings.api_url,
        ),
        events=TriggerEventHandler(
            TriggerRepository(base.table),
            base.cipher,
            TemplateCallCreator(phones, workflow_calls, "trigger"),
            parse_object,
            base.clock,
            log,
            _note_owner,
        ),
        batches=batch_desk(base, phones, queue),
        schedules=_schedules(base, ticks),
        ticks=ticks,
    )


def _schedules(base: Base, ticks: ScheduleRunner) -> ScheduleService:
    mirror = ScheduleSync.open(base.table, base.settings, base.clock, log)
    return ScheduleService(
        ScheduleRepository(base.table), WorkflowRepository(base.table), mirror, ticks, base.clock
    )


def _note_owner(principal: Principal) -> None:
    log.append_keys(tenant_id=principal.tenant_id, livemode=principal.livemode)


def _call_desks(base: Base, admission: QuotaService) -> tuple[OutboundCallService, WorkflowCallService]:
    intake = CallAdmission(base.calls, base.wakes, base.notifier, base.clock, admission, base.compliance)
    phones = OutboundCallService(intake, base.agents, base.trunks, base.test_trunks, base.projects.for_tenant)
    workflows = WorkflowRepository(base.table)
    return phones, WorkflowCallService(
        intake,
        phones,
        workflows,
        base.agents,
        UserContextRepository(base.table, base.cipher),
        base.projects.owner_for_tenant,
    )


def _workflows(base: Base, lister: CallLister) -> WorkflowService:
    def has_open_calls(principal: Principal, slug: str) -> bool:
        return lister.has_open(principal, slug, base.clock.wall_ms())

    return WorkflowService(
        WorkflowRepository(base.table), base.agents, base.tools, base.clock, has_open_calls
    )


def _tools(
    base: Base, workflows: WorkflowService, agents: AgentService
) -> tuple[ToolService, SecretService, ToolDryRunService]:
    def using(tenant_mode: str, tool: str) -> str | None:
        return workflows.using_tool(tenant_mode, tool) or agents.using_tool(tenant_mode, tool)

    secrets = SecretRepository(base.table, base.cipher)
    tools = ToolService(base.tools, secrets, base.outgoing.check, using, base.clock)
    trials = ToolDryRunService(tools, secrets, base.outgoing.sender, base.clock)
    return tools, SecretService(secrets, tools.using_secret, base.clock), trials


def _dispatches(base: Base) -> DispatchService:
    simulated = SimulatedDispatches(base.table, base.clock)

    def dispatches_for(call: Call) -> Dispatches:
        if not call.livemode:
            return simulated
        # Only these routes speak to LiveKit: the others do not pay for its import.
        from trunkline.livekit.dispatches import LiveKitDispatches  # noqa: PLC0415

        return LiveKitDispatches(base.projects.for_call)

    return DispatchService(base.calls, base.agents, dispatches_for)


def _own_livekit(base: Base) -> LiveKitProjectService:
    settings = base.settings
    return LiveKitProjectService(
        table=base.table,
        secrets=base.secrets,
        secret_prefix=settings.own_livekit_prefix,
        kms_key_id=settings.data_key_arn,
        projects=base.projects,
        check_url=base.outgoing.check,
        webhook_url=f"{settings.api_url}/livekit/webhook",
        clock=base.clock,
    )


def _hang_up(base: Base, call: Call) -> None:
    """Ask LiveKit at once; when that fails, the lane's run and the reconciler ask again."""
    if not call.livemode:
        base.notifier.wake(call.trunk_id)
        return
    # Only this route speaks to LiveKit: the others do not pay for its import on a cold start.
    from trunkline.livekit.sync_client import close_room, hang_up  # noqa: PLC0415

    try:
        if call.channel is Channel.WEB:
            close_room(base.projects.for_call(call), call.room_name or "")
        else:
            hang_up(base.projects.for_call(call), call.room_name or "", call.claim)
    except (LiveKitFailed, LiveKitNotConfigured) as error:
        log.warning("not hung up yet", call_id=call.id, cause=str(error))
