"""Builds the service with which agents use tools."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from functools import cache
from typing import Any

from trunkline.calls.models import Call
from trunkline.calls.report_schemas import Ended
from trunkline.core.logging import logger
from trunkline.core.metrics import TOOL_FAILURES, TOOL_INVOCATIONS, TOOL_LATENCY, MetricWriter
from trunkline.egress.address_policy import AddressPolicy
from trunkline.egress.messages import Request, Response
from trunkline.egress.sync_client import SyncEgressClient
from trunkline.livekit.rooms import CallAttemptRef
from trunkline.storage.idempotent_response import IdempotentResponses
from trunkline.tool_runtime.call_actions import CallActions
from trunkline.tool_runtime.http_retry import RetryingSender
from trunkline.tool_runtime.recorder import InvocationRecorder
from trunkline.tool_runtime.service import ToolInvocationService
from trunkline.tools.repository import ToolRepository
from trunkline.tools.secret_repository import SecretRepository

from .base import (
    agent_reports,
    calls,
    cipher,
    clock,
    erase_items_of,
    livekit_projects,
    log_call,
    settings,
    table,
    user_contexts,
    workflow_states,
    workflows,
)

log = logger("agent_api")
meter = MetricWriter("agent_api")


@cache
def tool_invocation_service() -> ToolInvocationService:
    return ToolInvocationService(
        calls=calls(),
        workflows=workflows(),
        tools=ToolRepository(table()),
        secrets=SecretRepository(table(), cipher()),
        user_contexts=user_contexts(),
        states=workflow_states(),
        idempotent_responses=IdempotentResponses(table(), cipher(), clock()),
        recorder=_recorder(),
        sender=RetryingSender(_send, time.sleep, random.SystemRandom().random, clock()),
        call_actions=_call_actions,
        clock=clock(),
        on_call_loaded=log_call,
    )


def _recorder() -> InvocationRecorder:
    return InvocationRecorder(
        calls=calls(),
        table=table(),
        clock=clock(),
        erase=erase_items_of,
        publish_metrics=_add_metrics,
        log=log,
    )


def _call_actions(call: Call, claim: CallAttemptRef, until_us: int) -> CallActions:
    def end(reason: str) -> None:
        agent_reports().apply(claim, [Ended(type="ended", reason=reason)])

    return CallActions(call, calls(), _dispatch, end, clock(), until_us)


def _dispatch(call: Call, worker: str) -> None:
    # Only a transfer speaks to LiveKit: the other tools do not pay for its import.
    from trunkline.livekit.sync_client import redispatch_agent  # noqa: PLC0415

    redispatch_agent(livekit_projects().for_call(call), call.room_name or "", worker, call.id)


def _add_metrics(invocation: Mapping[str, Any]) -> None:
    failures = int(invocation["outcome"] != "succeeded")
    meter.add(TOOL_INVOCATIONS, outcome=invocation["outcome"])
    meter.add(TOOL_FAILURES, failures)
    meter.add(TOOL_LATENCY, invocation["latency_ms"])
    meter.flush()


def _send(request: Request) -> Response:
    return _client().send(request)


@cache
def _client() -> SyncEgressClient:
    # Not every tool sends a request.
    from trunkline.egress.client import EgressClient  # noqa: PLC0415

    return SyncEgressClient(EgressClient(AddressPolicy.parse(settings().outgoing_loopback_ports)))
