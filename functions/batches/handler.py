"""`batches`: the steps of a batch's flow."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from trunkline.batches.models import BatchJob
from trunkline.batches.s3_files import parts_key
from trunkline.core.logging import logger

from .bootstrap import meter, worker

log = logger("batches")


@log.inject_lambda_context(clear_state=True)
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """A failure is tried again by the state machine, for an hour; then by the reconciler."""
    try:
        return _run_step(event)
    finally:
        meter.flush()


def _run_step(event: dict[str, Any]) -> dict[str, Any]:
    batch_id, work = str(event["batch_id"]), BatchJob(event["work"])
    log.append_keys(batch_id=batch_id, work=work)
    match event["step"]:
        case "begin":
            following = worker().begin(batch_id, work)
            log.info("batch begun", next=following)
            return {"next": following, "parts_key": parts_key(batch_id, work), "parts": []}
        case "part":
            progress = worker().part(batch_id, work, int(event["part"]), int(event.get("waits", 0)))
            log.info("part taken", part=event["part"], next=progress.next, wait_s=progress.wait_s)
            return asdict(progress)
    is_paused = any(part["next"] == "pause" for part in event.get("parts", []))
    following = worker().end(batch_id, work, is_paused=is_paused)
    log.info("batch round ended", next=following)
    return {"next": following}
