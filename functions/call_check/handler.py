"""Lambda handler of `call_check`: reconciles one call, at the second that was set for it."""

from __future__ import annotations

import asyncio
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.call_check.bootstrap import CallCheckProcess
from trunkline.core.logging import logger
from trunkline.core.settings import LiveKitWebhookSettings

log = logger("call_check")
_loop = asyncio.new_event_loop()
_process: CallCheckProcess | None = None


@log.inject_lambda_context(clear_state=True)
def handle(event: dict[str, Any], context: LambdaContext) -> None:
    """Check one call (the batch size is 1); after an exception the message comes again."""
    global _process  # noqa: PLW0603 - one set of clients a process
    if _process is None:
        _process = CallCheckProcess(LiveKitWebhookSettings.from_env(), log)
    for record in event["Records"]:
        repair = _loop.run_until_complete(_process.check(record["body"]))
        log.info("call checked", call_id=record["body"], repair=repair)
