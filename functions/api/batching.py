"""What the routes of batches work with."""

from __future__ import annotations

from functools import cache

from trunkline.auth.principal import Principal
from trunkline.batches.desk import BatchDesk
from trunkline.batches.files import BatchFiles
from trunkline.batches.flow import BatchFlow
from trunkline.batches.holding import Holds
from trunkline.batches.outlook import Outlook
from trunkline.batches.results import Results
from trunkline.batches.store import BatchStore
from trunkline.batches.views import BatchViews
from trunkline.call_control.outbound import OutboundCallService
from trunkline.core import aws_clients
from trunkline.core.logging import logger
from trunkline.dial_queue.status import QueueStatusReader
from trunkline.workflows.repository import WorkflowRepository

from .base import Base

log = logger("api")


def batch_desk(base: Base, phones: OutboundCallService, queue: QueueStatusReader) -> BatchDesk:
    """Build the desk; the other routes do not pay for its clients on a cold start."""

    def able(principal: Principal) -> None:
        phones.require_livekit(principal)
        if not principal.livemode:
            base.practice.of(principal.tenant_id)

    store = BatchStore(base.table)
    files = BatchFiles(cache(lambda: aws_clients.client("s3")), base.settings.batch_bucket)
    outlook = Outlook(store, base.trunks, queue, base.clock)
    return BatchDesk(
        batches=store,
        workflows=WorkflowRepository(base.table),
        files=files,
        flow=BatchFlow(cache(lambda: aws_clients.client("stepfunctions")), base.settings.batch_flow_arn),
        holds=Holds(base.table, store, base.trunks, base.nudge, base.clock),
        views=BatchViews(store, files, outlook, base.clock),
        results=Results(base.table, store),
        able=able,
        clock=base.clock,
        log=log,
    )
