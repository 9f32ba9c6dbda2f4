"""`dialer`: serves one wake by holding its trunk's lane while there is work."""

from __future__ import annotations

import asyncio
import gc
import sys
import uuid
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.dialer.bootstrap import DialerProcess
from trunkline.core.logging import logger
from trunkline.core.settings import DialerSettings
from trunkline.dial_queue.messages import DialWakeup

log = logger("dialer")
# A start must not wait for a thread's turn: the default of 5 ms is a quarter of the lateness allowed.
sys.setswitchinterval(0.0005)
_loop = asyncio.new_event_loop()
_process: DialerProcess | None = None


@log.inject_lambda_context(clear_state=True)
def handle(event: dict[str, Any], context: LambdaContext) -> None:
    """Batch size is 1: a batch would tie one trunk's wake to another trunk's run.

    An exception leaves the wake in the queue; it comes again after the visibility time-out, and the
    reconciler wakes the line before that.
    """
    global _process  # noqa: PLW0603 - one set of clients and warm connections a process
    if _process is None:
        _process = DialerProcess(DialerSettings.from_env(), log)
        # What is loaded by now stays: looking through it again would hold up starts for 50 ms.
        gc.freeze()
    for record in event["Records"]:
        wake = DialWakeup.from_json(record["body"])
        stop = _loop.run_until_complete(_process.serve(wake, run_id=uuid.uuid4().hex))
        log.info("wake served", trunk_id=wake.trunk_id, stop=stop or "lane_held_by_another")
