"""What the routes of batches work with."""

from __future__ import annotations

from functools import cache

from trunkline.auth.principal import Principal
from trunkline.batches.forecast_service import ForecastService
from trunkline.batches.holds import BatchHoldService
from trunkline.batches.repository import BatchRepository
from trunkline.batches.responses import BatchResponses
from trunkline.batches.results import Results
from trunkline.batches.s3_files import BatchFiles
from trunkline.batches.service import BatchService
from trunkline.batches.state_machine import BatchStateMachine
from trunkline.call_control.outbound import OutboundCallService
from trunkline.core import aws_clients
from trunkline.core.logging import logger
from trunkline.dial_queue.status import QueueStatusReader
from trunkline.workflows.repository import WorkflowRepository

from .base import Base

log = logger("api")


def batch_desk(base: Base, phones: OutboundCallService, queue: QueueStatusReader) -> BatchService:
    """Build the desk; the other routes do not pay for its clients on a cold start."""

    def able(principal: Principal) -> None:
        phones.require_livekit(principal)
        if not principal.livemode:
            base.test_trunks.get_or_create(principal.tenant_id)

    store = BatchRepository(base.table)
    files = BatchFiles(cache(lambda: aws_clients.client("s3")), base.settings.batch_bucket)
    outlook = ForecastService(store, base.trunks, queue, base.clock)
    return BatchService(
        batches=store,
        workflows=WorkflowRepository(base.table),
        files=files,
        state_machine=BatchStateMachine(
            cache(lambda: aws_clients.client("stepfunctions")), base.settings.batch_flow_arn
        ),
        holds=BatchHoldService(base.table, store, base.trunks, base.notifier, base.clock),
        responses=BatchResponses(store, files, outlook, base.clock),
        results=Results(base.table, store),
        require_callable=able,
        clock=base.clock,
        log=log,
    )
