"""Lambda handler of `call_reconciler`: one task of a pass."""

from __future__ import annotations

import asyncio
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.call_reconciler.bootstrap import CallReconcilerProcess
from trunkline.core.logging import logger
from trunkline.core.metrics import REPAIRS, MetricWriter
from trunkline.core.settings import CallReconcilerSettings
from trunkline.reconciler.tasks import RepairTask

log = logger("call_reconciler")
meter = MetricWriter("reconciler")
_loop = asyncio.new_event_loop()
_process: CallReconcilerProcess | None = None


@log.inject_lambda_context(clear_state=True)
def handle(event: dict[str, Any], context: LambdaContext) -> None:
    """Do one task (the batch size is 1); after an exception the message comes again."""
    global _process  # noqa: PLW0603 - one set of clients a process
    if _process is None:
        _process = CallReconcilerProcess(CallReconcilerSettings.from_env(), log, meter)
    for record in event["Records"]:
        task = RepairTask.from_json(record["body"])
        repairs = _loop.run_until_complete(_process.run(task))
        for name, count in repairs.items():
            meter.add(REPAIRS, count, repair=name)
        log.info("task done", shard=task.group, lanes=len(task.lanes), repairs=dict(repairs))
    meter.flush()
