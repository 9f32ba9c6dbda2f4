"""Lambda handler of `dialer`: serves one wake-up by holding its trunk's lane while there is work."""

from __future__ import annotations

import asyncio
import gc
import sys
import uuid
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.dialer.bootstrap import DialerProcess
from trunkline.core.logging import logger
from trunkline.core.metrics import LIVEKIT_NOT_CONFIGURED, LIVEKIT_REFUSED, MetricWriter
from trunkline.core.settings import DialerSettings
from trunkline.dial_queue.messages import DialWakeup
from trunkline.dialer.lane_run import StopReason

log = logger("dialer")
meter = MetricWriter("dialer")
_COUNTED = {StopReason.REFUSED: LIVEKIT_REFUSED, StopReason.NOT_CONFIGURED: LIVEKIT_NOT_CONFIGURED}
# A start must not wait for a thread's turn: the default of 5 ms is a quarter of the lateness allowed.
sys.setswitchinterval(0.0005)
_loop = asyncio.new_event_loop()
_process: DialerProcess | None = None


@log.inject_lambda_context(clear_state=True)
def handle(event: dict[str, Any], context: LambdaContext) -> None:
    """Serve one wake-up; the batch size is 1, because a batch would tie a trunk to another trunk's run.

    An exception leaves the wake-up in the queue until the visibility time-out; the reconciler wakes the
    trunk before that.
    """
    global _process  # noqa: PLW0603 - one set of clients and warm connections a process
    if _process is None:
        _process = DialerProcess(DialerSettings.from_env(), log)
        # What is loaded by now stays: collecting it again would delay starts by 50 ms.
        gc.freeze()
    for record in event["Records"]:
        wake = DialWakeup.from_json(record["body"])
        stop = _loop.run_until_complete(_process.serve(wake, run_id=uuid.uuid4().hex))
        if metric := stop and _COUNTED.get(stop):
            meter.add(metric)
            meter.flush()
        log.info("wake served", trunk_id=wake.trunk_id, stop=stop or "lane_held_by_another")
