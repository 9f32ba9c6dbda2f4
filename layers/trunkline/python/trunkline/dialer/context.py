"""Dialer context: the dependencies that all attempts of a run share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from aws_lambda_powertools import Logger

from trunkline.calls.models import Call
from trunkline.calls.repository import CallRepository
from trunkline.compliance.policy import CompliancePolicy
from trunkline.core.clock import Clock
from trunkline.dial_queue.notifier import LaneNotifier
from trunkline.dial_queue.pacing import Timing
from trunkline.dial_queue.start_history import StartHistory
from trunkline.dialer.dial_metrics import DialMetrics
from trunkline.livekit.client import BeforeSend
from trunkline.livekit.dial_result import DialAnswer


class DialerLiveKit(Protocol):
    """The LiveKit requests of an attempt; `LiveKitClient` and `SimulatedLiveKit` implement them."""

    async def dispatch_agent(self, room: str, agent_name: str, call_id: str) -> str: ...
    async def agent_in_room(self, room: str) -> str | None: ...
    async def callee_joined_ms(self, room: str, claim: int) -> int | None: ...
    async def delete_room(self, room: str) -> None: ...
    async def remove_callee(self, room: str, claim: int) -> None: ...
    async def dial(
        self, call: Call, sip_trunk_id: str, token: str, before_send: BeforeSend
    ) -> DialAnswer: ...


@dataclass(frozen=True)
class DialerContext:
    """The dependencies of a run's attempts; `offload` runs a blocking call outside the event loop.

    `check_at` has a call looked at at a time: a limit that is shorter than the reconciler's interval.
    `record_block` counts a call that the carrier blocked.
    """

    run_id: str
    starts: StartHistory
    metrics: DialMetrics
    timing: Timing
    calls: CallRepository
    livekit: DialerLiveKit
    sign_dial_token: Callable[[float], str]
    notifier: LaneNotifier
    compliance: CompliancePolicy
    clock: Clock
    offload: Callable[..., Awaitable[Any]]
    log: Logger
    check_at: Callable[[str, int], None] = lambda *_: None
    record_block: Callable[[Call], None] = lambda _: None
