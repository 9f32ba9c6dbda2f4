"""What the steps work with, built once per process."""

from __future__ import annotations

from functools import cache

from functions.call_resources import CallResources
from trunkline.agents.repository import AgentRepository
from trunkline.batches.canceller import PartCanceller
from trunkline.batches.forecast_service import ForecastService
from trunkline.batches.holds import BatchHoldService
from trunkline.batches.importer import Importer
from trunkline.batches.models import Batch
from trunkline.batches.read_cache import ReadCache
from trunkline.batches.repository import BatchRepository
from trunkline.batches.results import Results
from trunkline.batches.row_to_call import RowConverter
from trunkline.batches.s3_files import BatchFiles
from trunkline.batches.splitter import Splitter
from trunkline.batches.worker import BatchWorker
from trunkline.call_control.admission import CallAdmission
from trunkline.call_control.outbound import OutboundCallService
from trunkline.call_control.quotas import QuotaService
from trunkline.call_control.usage import Usage
from trunkline.call_control.workflow_calls import WorkflowCallService
from trunkline.call_templates.user_context import TemplateCipher
from trunkline.calls.user_context_repository import UserContextRepository
from trunkline.compliance.policy import CompliancePolicy
from trunkline.core import aws_clients
from trunkline.core.logging import logger
from trunkline.core.metrics import MetricWriter
from trunkline.core.settings import BatchSettings
from trunkline.dial_queue.notifier import LaneNotifier
from trunkline.dial_queue.repository import DialQueue
from trunkline.dial_queue.status import QueueCheckpoints, QueueStatusReader
from trunkline.livekit.projects import ProjectRegistry
from trunkline.storage.encryption import EnvelopeCipher
from trunkline.tenants.settings import TenantSettingsCache
from trunkline.trunks.test_trunk import TestTrunks
from trunkline.workflows.repository import WorkflowRepository

log = logger("batches")
meter = MetricWriter("batches")


@cache
def worker() -> BatchWorker:
    """Build the worker from the environment."""
    settings = BatchSettings.from_env()
    resources = CallResources.open(settings, log)
    table, trunks, clock = resources.table, resources.trunks, resources.clock
    batches, line, notifier = BatchRepository(table), DialQueue(table), resources.new_notifier()
    holds = BatchHoldService(table, batches, trunks, notifier, clock)
    s3 = aws_clients.client("s3")
    files = BatchFiles(lambda: s3, settings.batch_bucket)
    importer = _importer(settings, resources, files, notifier, holds)
    queue = QueueStatusReader(line, resources.lanes, trunks, QueueCheckpoints(table, line), clock)
    return BatchWorker(
        batches=batches,
        files=files,
        splitter=Splitter(files, TemplateCipher(EnvelopeCipher(settings.context_key_arn)), importer.refusals),
        importer=importer,
        canceller=PartCanceller(table, resources.calls, batches, notifier, clock),
        results=Results(table, batches),
        forecasts=ForecastService(batches, trunks, queue, clock),
        holds=holds,
        clock=clock,
        log=log,
        meter=meter,
    )


def _importer(
    settings: BatchSettings,
    resources: CallResources,
    files: BatchFiles,
    notifier: LaneNotifier,
    holds: BatchHoldService,
) -> Importer:
    table, calls, trunks, clock = resources.table, resources.calls, resources.trunks, resources.clock
    facts = TenantSettingsCache(table, clock)
    admission = QuotaService(table, facts, Usage(calls, DialQueue(table), trunks).waiting, clock)
    compliance, projects = CompliancePolicy(table, clock), ProjectRegistry.open(table, settings, clock)
    cipher = EnvelopeCipher(settings.context_key_arn)
    people, templates = UserContextRepository(table, cipher), TemplateCipher(cipher)
    intake = CallAdmission(calls, resources.wakes, notifier, clock, admission, compliance)

    def drafter(batch: Batch) -> RowConverter:
        """What rows name again and again is read once a part."""
        agents, granted = ReadCache.wrap(AgentRepository(table)), ReadCache.wrap(trunks)
        workflows, test_trunks = ReadCache.wrap(WorkflowRepository(table)), TestTrunks(trunks)
        phones = OutboundCallService(
            intake, agents, granted, test_trunks, ReadCache.function(projects.for_tenant)
        )
        by_workflow = WorkflowCallService(
            intake, phones, workflows, agents, people, projects.owner_for_tenant
        )
        return RowConverter(batch, templates, phones, by_workflow, compliance, facts, log)

    return Importer(table, BatchRepository(table), files, admission, drafter, holds.wake, clock)
