"""Builds the table, the repositories and the service of agents' reports."""

from __future__ import annotations

from functools import cache

from trunkline.call_control.agent_reports import AgentReportService
from trunkline.call_control.erase_call import erase_linked_items
from trunkline.calls.log_ids import log_ids
from trunkline.calls.models import Call
from trunkline.calls.repository import CallRepository
from trunkline.calls.transcript_repository import TranscriptRepository
from trunkline.calls.user_context_repository import UserContextRepository
from trunkline.core import aws_clients
from trunkline.core.clock import Clock, SystemClock
from trunkline.core.logging import logger
from trunkline.core.settings import AgentApiSettings
from trunkline.dial_queue.lease import LaneLeaseRepository
from trunkline.livekit.projects import ProjectRegistry
from trunkline.storage.encryption import EnvelopeCipher
from trunkline.storage.table import Table
from trunkline.workflows.repository import WorkflowRepository
from trunkline.workflows.state_repository import WorkflowStateRepository

log = logger("agent_api")


@cache
def settings() -> AgentApiSettings:
    return AgentApiSettings.from_env()


@cache
def clock() -> Clock:
    return SystemClock()


@cache
def table() -> Table:
    return Table(aws_clients.client("dynamodb"), settings().table_name)


@cache
def cipher() -> EnvelopeCipher:
    return EnvelopeCipher(settings().context_key_arn)


@cache
def calls() -> CallRepository:
    return CallRepository(table())


@cache
def workflows() -> WorkflowRepository:
    return WorkflowRepository(table())


@cache
def user_contexts() -> UserContextRepository:
    return UserContextRepository(table(), cipher())


@cache
def workflow_states() -> WorkflowStateRepository:
    return WorkflowStateRepository(table(), cipher(), workflows())


@cache
def livekit_projects() -> ProjectRegistry:
    return ProjectRegistry.open(table(), settings(), clock())


@cache
def agent_reports() -> AgentReportService:
    return AgentReportService(
        calls=calls(),
        transcripts=TranscriptRepository(table()),
        workflows=workflows(),
        user_contexts=user_contexts(),
        states=workflow_states(),
        clock=clock(),
        run_is_alive=LaneLeaseRepository(table(), clock()).run_is_alive,
        close_room=_close_room,
        erase=erase_items_of,
        on_call_loaded=log_call,
    )


def erase_items_of(call_id: str) -> None:
    """Erase the items of a call that hold personal data."""
    erase_linked_items(table(), call_id)


def log_call(call: Call) -> None:
    """Add the call to the request's log lines."""
    log.append_keys(**log_ids(call))


def _close_room(call: Call, room: str) -> None:
    # Only the end of a call speaks to LiveKit: the other reports do not pay for its import.
    from trunkline.livekit.sync_client import close_room  # noqa: PLC0415

    close_room(livekit_projects().for_call(call), room)
