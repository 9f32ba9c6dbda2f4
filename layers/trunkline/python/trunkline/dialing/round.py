"""Builds the caretaker's pass from a process's clients."""

from __future__ import annotations

from collections import Counter
from typing import Protocol

from aws_lambda_powertools import Logger
from livekit.protocol.models import ParticipantInfo

from trunkline import aws
from trunkline.calls.store import CallStore
from trunkline.calls.web_care import LiveKit as WebLiveKit
from trunkline.calls.web_care import WebCare
from trunkline.clock import SystemClock
from trunkline.dialing.caretaker import Caretaker, LiveKit
from trunkline.dialing.lane import LaneStore
from trunkline.dialing.line import Line
from trunkline.dialing.nudge import Nudge
from trunkline.dialing.queue import Census
from trunkline.dialing.trunk_store import TrunkStore
from trunkline.dialing.wake import WakeQueue
from trunkline.errors import LiveKitNotConfigured
from trunkline.livekit.client import LiveKitClient, LiveKitUnavailable, open_session
from trunkline.livekit.credentials import LiveKitSecret
from trunkline.offload import Offloader
from trunkline.settings import CaretakerSettings
from trunkline.table import Table
from trunkline.webhooks.care import DeliveryCare
from trunkline.webhooks.delivery_store import DeliveryStore
from trunkline.webhooks.flow import DeliveryFlow

_THREADS = 16


class CaretakerProcess:
    """One caretaker process: its clients live as long as it does, its LiveKit session one pass."""

    def __init__(self, settings: CaretakerSettings, log: Logger) -> None:
        self._table = Table(aws.client("dynamodb"), settings.table_name)
        self._clock = SystemClock()
        self._secret = LiveKitSecret(aws.client("secretsmanager"), settings.livekit_secret_arn, self._clock)
        self._wakes = WakeQueue(aws.client("sqs"), settings.dial_queue_url)
        self._offload = Offloader(_THREADS)
        self._log = log
        flow = DeliveryFlow(aws.client("stepfunctions"), settings.delivery_flow_arn)
        self._deliveries = DeliveryCare(DeliveryStore(self._table), flow, self._clock, log)

    async def walk(self) -> Counter[str]:
        """Make one pass."""
        async with open_session() as session:
            try:
                livekit: _Asked = LiveKitClient(await self._offload(self._secret.read), session)
            except LiveKitNotConfigured:
                livekit = _NoLiveKit()
            repairs = await self._caretaker(livekit).walk()
            care = WebCare(CallStore(self._table), livekit, self._clock, self._offload, self._log)
            await care.walk(repairs)
            await self._offload(self._deliveries.walk, repairs)
            return repairs

    def _caretaker(self, livekit: LiveKit) -> Caretaker:
        return Caretaker(
            calls=CallStore(self._table),
            lanes=LaneStore(self._table, self._clock),
            line=Line(self._table),
            census=Census(self._table, Line(self._table)),
            trunks=TrunkStore(self._table),
            wakes=self._wakes,
            nudge=Nudge(self._wakes, self._clock, self._log),
            livekit=livekit,
            clock=self._clock,
            offload=self._offload,
            log=self._log,
        )


class _Asked(LiveKit, WebLiveKit, Protocol):
    """What either half of the pass asks of LiveKit."""


class _NoLiveKit:
    """Without a project nothing can be looked up, but calls still expire."""

    async def caller_is_in(self, room: str) -> bool:
        raise LiveKitUnavailable(f"not configured: {room}")

    async def callee(self, room: str, claim: int) -> ParticipantInfo | None:
        raise LiveKitUnavailable(f"not configured: {room} {claim}")

    async def remove_callee(self, room: str, claim: int) -> None:
        raise LiveKitUnavailable(f"not configured: {room} {claim}")

    async def delete_room(self, room: str) -> None:
        raise LiveKitUnavailable(f"not configured: {room}")
