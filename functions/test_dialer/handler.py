"""Lambda handler of `test_dialer`: serves the wake-ups of test trunks with simulated calls."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.test_dialer.bootstrap import TestDialerProcess
from trunkline.core.logging import logger
from trunkline.core.settings import TestDialerSettings
from trunkline.dial_queue.messages import DialWakeup

log = logger("test_dialer")
_loop = asyncio.new_event_loop()
_process: TestDialerProcess | None = None


@log.inject_lambda_context(clear_state=True)
def handle(event: dict[str, Any], context: LambdaContext) -> None:
    """Serve one wake-up; an exception leaves it in the queue, as in the dialer."""
    global _process  # noqa: PLW0603 - one set of clients a process
    if _process is None:
        _process = TestDialerProcess(TestDialerSettings.from_env(), log)
    for record in event["Records"]:
        wake = DialWakeup.from_json(record["body"])
        stop = _loop.run_until_complete(_process.serve(wake, run_id=uuid.uuid4().hex))
        log.info("wake served", trunk_id=wake.trunk_id, stop=stop or "lane_held_by_another")
