"""Builds the service of batches."""

from __future__ import annotations

from functools import cache

from trunkline.auth.principal import Principal
from trunkline.batches.batch_executions import BatchStateMachine
from trunkline.batches.forecast_service import ForecastService
from trunkline.batches.holds import BatchHoldService
from trunkline.batches.repository import BatchRepository
from trunkline.batches.responses import BatchResponses
from trunkline.batches.results import Results
from trunkline.batches.s3_files import BatchFiles
from trunkline.batches.service import BatchService
from trunkline.call_templates.user_context import TemplateCipher
from trunkline.core import aws_clients
from trunkline.core.logging import logger

from .base import cipher, clock, lane_notifier, settings, table, test_trunks, trunks
from .outbound import outbound_call_service, template_targets
from .queue import queue_status

log = logger("api")


def _require_callable(principal: Principal) -> None:
    """Check that calls can be made at all; test calls need a trunk of their own."""
    outbound_call_service().require_livekit(principal)
    if not principal.livemode:
        test_trunks().get_or_create(principal.tenant_id)


@cache
def batch_service() -> BatchService:
    batches = BatchRepository(table())
    files = BatchFiles(cache(lambda: aws_clients.client("s3")), settings().batch_bucket)
    forecasts = ForecastService(batches, trunks(), queue_status(), clock())
    workflow_client = cache(lambda: aws_clients.client("stepfunctions"))
    return BatchService(
        batches=batches,
        targets=template_targets(),
        files=files,
        templates=TemplateCipher(cipher()),
        state_machine=BatchStateMachine(workflow_client, settings().batch_flow_arn),
        holds=BatchHoldService(table(), batches, trunks(), lane_notifier(), clock()),
        responses=BatchResponses(batches, files, forecasts, clock()),
        results=Results(table(), batches),
        require_callable=_require_callable,
        clock=clock(),
        log=log,
    )
