"""Builds a lane run from a process's clients: what is warm stays warm from one wake to the next."""

from __future__ import annotations

from functools import partial

import aiohttp
from aws_lambda_powertools import Logger

from trunkline import aws
from trunkline.calls.store import CallStore
from trunkline.clock import SystemClock
from trunkline.dialing.lane import LaneStore
from trunkline.dialing.line import Line
from trunkline.dialing.nudge import Nudge
from trunkline.dialing.pacing import StartLog, Timing
from trunkline.dialing.run import LaneRun, RunLimits, Stop
from trunkline.dialing.trunk_store import TrunkStore
from trunkline.dialing.wake import Wake, WakeQueue
from trunkline.dialing.workbench import Workbench
from trunkline.errors import LiveKitNotConfigured
from trunkline.livekit.client import LiveKitClient, dial_token, open_session
from trunkline.livekit.credentials import LiveKitSecret
from trunkline.offload import Offloader
from trunkline.settings import DialerSettings
from trunkline.table import Table

_THREADS = 16


class DialerProcess:
    """One dialer process: clients, threads and warm connections, shared by its wakes."""

    def __init__(self, settings: DialerSettings, log: Logger) -> None:
        table = Table(aws.client("dynamodb"), settings.table_name)
        self._clock = SystemClock()
        self._log = log
        self._offload = Offloader(_THREADS)
        self._timing = Timing()
        self._calls = CallStore(table)
        self._lanes = LaneStore(table, self._clock)
        self._line = Line(table)
        self._trunks = TrunkStore(table)
        self._wakes = WakeQueue(aws.client("sqs"), settings.dial_queue_url)
        self._secret = LiveKitSecret(aws.client("secretsmanager"), settings.livekit_secret_arn, self._clock)
        self._session: aiohttp.ClientSession | None = None

    async def serve(self, wake: Wake, run_id: str) -> Stop | None:
        """Serve one wake; without a LiveKit project the calls wait, and the caretaker wakes them."""
        if self._session is None:
            self._session = open_session()
        try:
            credentials = await self._offload(self._secret.read)
        except LiveKitNotConfigured:
            self._log.error("LiveKit is not configured", trunk_id=wake.trunk_id)
            return Stop.BLOCKED
        livekit = LiveKitClient(credentials, self._session)
        bench = Workbench(
            run_id=run_id,
            starts=StartLog(),
            timing=self._timing,
            calls=self._calls,
            livekit=livekit,
            sign_dial_token=partial(dial_token, credentials),
            nudge=Nudge(self._wakes, self._clock, self._log),
            clock=self._clock,
            offload=self._offload,
            log=self._log,
        )
        run = LaneRun(
            bench=bench,
            lanes=self._lanes,
            line=self._line,
            trunks=self._trunks,
            wakes=self._wakes,
            limits=RunLimits(),
        )
        return await run.serve(wake)
