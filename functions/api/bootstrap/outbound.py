"""Builds the services that create calls."""

from __future__ import annotations

from functools import cache

from trunkline.call_control.admission import CallAdmission
from trunkline.call_control.outbound import OutboundCallService
from trunkline.call_control.quotas import QuotaService
from trunkline.call_control.usage import Usage
from trunkline.call_control.workflow_calls import WorkflowCallService
from trunkline.call_templates.create_call import TemplateTargets
from trunkline.calls.user_context_repository import UserContextRepository
from trunkline.compliance.policy import CompliancePolicy

from .base import (
    agents,
    calls,
    cipher,
    clock,
    lane_notifier,
    livekit_projects,
    table,
    tenant_settings,
    test_trunks,
    trunks,
    wake_queue,
    workflows,
)
from .queue import dial_queue


@cache
def usage() -> Usage:
    return Usage(calls(), dial_queue(), trunks())


@cache
def quota_service() -> QuotaService:
    return QuotaService(table(), tenant_settings(), usage().waiting, clock())


@cache
def compliance_policy() -> CompliancePolicy:
    return CompliancePolicy(table(), clock())


@cache
def call_admission() -> CallAdmission:
    return CallAdmission(
        calls(), wake_queue(), lane_notifier(), clock(), quota_service(), compliance_policy()
    )


@cache
def template_targets() -> TemplateTargets:
    return TemplateTargets(workflows(), agents())


@cache
def outbound_call_service() -> OutboundCallService:
    return OutboundCallService(
        call_admission(), agents(), trunks(), test_trunks(), livekit_projects().for_tenant
    )


@cache
def workflow_call_service() -> WorkflowCallService:
    return WorkflowCallService(
        call_admission(),
        outbound_call_service(),
        workflows(),
        agents(),
        UserContextRepository(table(), cipher()),
        livekit_projects().owner_for_tenant,
    )
