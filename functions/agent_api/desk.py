"""What the agents' routes work with, built once per process."""

from __future__ import annotations

from functools import cache
from typing import Any

from trunkline import aws
from trunkline.calls.erase import erase_beside
from trunkline.calls.model import Call
from trunkline.calls.report_desk import ReportDesk
from trunkline.calls.store import CallStore
from trunkline.calls.transcripts import TranscriptStore
from trunkline.cipher import Cipher
from trunkline.clock import SystemClock
from trunkline.dialing.lane import LaneStore
from trunkline.errors import InvalidAgentToken, WrongCall
from trunkline.livekit.names import ClaimName
from trunkline.livekit.projects import Projects
from trunkline.livekit.tokens import agent_proof
from trunkline.observability import logger
from trunkline.settings import AgentApiSettings
from trunkline.table import Table
from trunkline.workflows.store import WorkflowStore

log = logger("agent_api")


@cache
def desk() -> tuple[ReportDesk, Projects]:
    settings = AgentApiSettings.from_env()
    clock = SystemClock()
    table = Table(aws.client("dynamodb"), settings.table_name)
    projects = Projects.open(table, settings, clock)
    made = ReportDesk(
        calls=CallStore(table),
        transcripts=TranscriptStore(table),
        workflows=WorkflowStore(table),
        table=table,
        cipher=Cipher(settings.context_key_arn),
        clock=clock,
        run_is_alive=LaneStore(table, clock).run_is_alive,
        close_room=lambda call, room: _close_room(projects, call, room),
        erase=lambda call_id: erase_beside(table, call_id),
        noted=lambda call: log.append_keys(call_id=call.id, tenant_id=call.tenant_id),
    )
    return made, projects


def _close_room(projects: Projects, call: Call, room: str) -> None:
    # Only the end of a call speaks to LiveKit: the other reports do not pay for its import.
    from trunkline.livekit.hangup import close_room  # noqa: PLC0415

    close_room(projects.of_call(call), room)


def claim_of(event: dict[str, Any], call_id: str) -> ClaimName:
    """The claim that a request's token speaks for.

    Raises:
        InvalidAgentToken: no agent's token, or none of a project we know.
        WrongCall: of another call, or of a tenant's own project where the call is not.
    """
    reports, projects = desk()
    authorization = event["headers"].get("authorization", "")
    if not authorization.lower().startswith("bearer "):
        raise InvalidAgentToken
    proof = agent_proof(authorization[len("bearer ") :].strip(), projects.signers)
    if proof.claim.call_id != call_id:
        raise WrongCall
    if proof.livekit_tenant_id and not projects.owns(proof.livekit_tenant_id, reports.calls.load(call_id)):
        raise WrongCall
    return proof.claim
