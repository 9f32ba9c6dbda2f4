"""Lambda handler of `reconciler`: plans a pass of repairs, every minute."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.reconciler.bootstrap import ReconcilerProcess
from trunkline.core.logging import logger
from trunkline.core.metrics import REPAIRS, MetricWriter
from trunkline.core.settings import ReconcilerSettings

log = logger("reconciler")
meter = MetricWriter("reconciler")
_process: ReconcilerProcess | None = None


@log.inject_lambda_context(clear_state=True)
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Plan one pass; the next one makes up for a failure."""
    global _process  # noqa: PLW0603 - one set of clients a process
    if _process is None:
        _process = ReconcilerProcess(ReconcilerSettings.from_env(), log, meter)
    repairs = _process.reconcile()
    for name, count in repairs.items():
        meter.add(REPAIRS, count, repair=name)
    meter.flush()
    log.info("pass planned", repairs=dict(repairs))
    return dict(repairs)
