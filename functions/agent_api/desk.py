"""What the agents' routes work with, built once per process."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.metrics import MetricUnit

from trunkline.call_control.agent_reports import AgentReportService
from trunkline.call_control.erase_call import erase_linked_items
from trunkline.calls.models import Call
from trunkline.calls.report_schemas import Ended
from trunkline.calls.repository import CallRepository
from trunkline.calls.transcript_repository import TranscriptRepository
from trunkline.calls.user_context_repository import UserContextRepository
from trunkline.core import aws_clients
from trunkline.core.clock import SystemClock
from trunkline.core.errors import CallMismatch, InvalidAgentToken
from trunkline.core.logging import logger, metrics
from trunkline.core.settings import AgentApiSettings
from trunkline.dial_queue.lease import LaneLeaseRepository
from trunkline.egress.address_policy import AddressPolicy
from trunkline.egress.messages import Request, Response
from trunkline.livekit.projects import ProjectRegistry
from trunkline.livekit.rooms import CallAttemptRef
from trunkline.livekit.tokens import verify_agent_token
from trunkline.storage.encryption import EnvelopeCipher
from trunkline.storage.table import Table
from trunkline.workflows.repository import WorkflowRepository
from trunkline.workflows.state_repository import WorkflowStateRepository

if TYPE_CHECKING:
    from trunkline.egress.sync_client import SyncEgressClient
    from trunkline.tool_runtime.service import ToolInvocationService

log = logger("agent_api")
meter = metrics("agent_api")


@dataclass(frozen=True)
class Desk:
    """`settings` and what everything stands on; tools are built where one is asked for (`invoker`)."""

    settings: AgentApiSettings
    table: Table
    calls: CallRepository
    workflows: WorkflowRepository
    people: UserContextRepository
    states: WorkflowStateRepository
    cipher: EnvelopeCipher
    clock: SystemClock
    projects: ProjectRegistry
    reports: AgentReportService


@cache
def desk() -> Desk:
    settings = AgentApiSettings.from_env()
    clock, cipher = SystemClock(), EnvelopeCipher(settings.context_key_arn)
    table = Table(aws_clients.client("dynamodb"), settings.table_name)
    projects = ProjectRegistry.open(table, settings, clock)
    calls, workflows = CallRepository(table), WorkflowRepository(table)
    people, states = UserContextRepository(table, cipher), WorkflowStateRepository(table, cipher, workflows)
    reports = AgentReportService(
        calls=calls,
        transcripts=TranscriptRepository(table),
        workflows=workflows,
        user_contexts=people,
        states=states,
        clock=clock,
        run_is_alive=LaneLeaseRepository(table, clock).run_is_alive,
        close_room=lambda call, room: _close_room(projects, call, room),
        erase=lambda call_id: erase_linked_items(table, call_id),
        on_call_loaded=_noted,
    )
    return Desk(settings, table, calls, workflows, people, states, cipher, clock, projects, reports)


@cache
def invoker() -> ToolInvocationService:
    """What agents use tools by: reports and contexts do not pay for its imports."""
    from trunkline.storage.idempotent_response import IdempotentResponses  # noqa: PLC0415
    from trunkline.tool_runtime.call_actions import CallActions  # noqa: PLC0415
    from trunkline.tool_runtime.http_retry import RetryingSender  # noqa: PLC0415
    from trunkline.tool_runtime.recorder import InvocationRecorder  # noqa: PLC0415
    from trunkline.tool_runtime.service import ToolInvocationService  # noqa: PLC0415
    from trunkline.tools.repository import ToolRepository  # noqa: PLC0415
    from trunkline.tools.secret_repository import SecretRepository  # noqa: PLC0415

    base = desk()

    def call_actions(call: Call, claim: CallAttemptRef, until_us: int) -> CallActions:
        dispatch = lambda call, worker: _dispatch(base.projects, call, worker)  # noqa: E731
        end = lambda reason: _end_call(base.reports, claim, reason)  # noqa: E731
        return CallActions(call, base.calls, dispatch, end, base.clock, until_us)

    return ToolInvocationService(
        calls=base.calls,
        workflows=base.workflows,
        tools=ToolRepository(base.table),
        secrets=SecretRepository(base.table, base.cipher),
        user_contexts=base.people,
        states=base.states,
        idempotent_responses=IdempotentResponses(base.table, base.cipher, base.clock),
        recorder=InvocationRecorder(
            calls=base.calls,
            table=base.table,
            clock=base.clock,
            erase=lambda call_id: erase_linked_items(base.table, call_id),
            publish_metrics=_measured,
            log=log,
        ),
        sender=RetryingSender(_send, time.sleep, random.random, base.clock),
        call_actions=call_actions,
        clock=base.clock,
        on_call_loaded=_noted,
    )


def _noted(call: Call) -> None:
    log.append_keys(call_id=call.id, tenant_id=call.tenant_id)


def _measured(told: Mapping[str, Any]) -> None:
    meter.add_metric(name="ToolInvocations", unit=MetricUnit.Count, value=1)
    meter.add_metric(name="ToolFailures", unit=MetricUnit.Count, value=int(told["outcome"] != "succeeded"))
    meter.add_metric(name="ToolLatency", unit=MetricUnit.Milliseconds, value=told["latency_ms"])
    meter.flush_metrics()


def _send(request: Request) -> Response:
    return _outgoing().send(request)


@cache
def _outgoing() -> SyncEgressClient:
    from trunkline.egress.client import EgressClient  # noqa: PLC0415
    from trunkline.egress.sync_client import SyncEgressClient  # noqa: PLC0415

    return SyncEgressClient(EgressClient(AddressPolicy.parse(desk().settings.outgoing_loopback_ports)))


def _close_room(projects: ProjectRegistry, call: Call, room: str) -> None:
    # Only the end of a call speaks to LiveKit: the other reports do not pay for its import.
    from trunkline.livekit.sync_client import close_room  # noqa: PLC0415

    close_room(projects.for_call(call), room)


def _dispatch(projects: ProjectRegistry, call: Call, worker: str) -> None:
    from trunkline.livekit.sync_client import redispatch_agent  # noqa: PLC0415

    redispatch_agent(projects.for_call(call), call.room_name or "", worker, call.id)


def _end_call(reports: AgentReportService, claim: CallAttemptRef, reason: str) -> None:
    reports.apply(claim, [Ended(type="ended", reason=reason)])


def claim_of(event: dict[str, Any], call_id: str) -> CallAttemptRef:
    """The claim that a request's token speaks for.

    Raises:
        InvalidAgentToken: no agent's token, or none of a project we know.
        CallMismatch: of another call, or of a tenant's own project where the call is not.
    """
    base = desk()
    authorization = event["headers"].get("authorization", "")
    if not authorization.lower().startswith("bearer "):
        raise InvalidAgentToken
    proof = verify_agent_token(authorization[len("bearer ") :].strip(), base.projects.signers)
    call_id = call_id.lower()
    if proof.claim.call_id != call_id:
        raise CallMismatch
    if proof.livekit_tenant_id and not base.projects.owns(proof.livekit_tenant_id, base.calls.load(call_id)):
        raise CallMismatch
    return proof.claim
