"""Builds the services of a tenant's keys, users, limits, audit log and LiveKit project."""

from __future__ import annotations

from functools import cache

from trunkline.auth.api_key_service import ApiKeyService
from trunkline.auth.audit_log import AuditLog
from trunkline.auth.cognito import CognitoUserPool
from trunkline.core import aws_clients
from trunkline.dial_queue.refused_trunks import RefusedTrunks
from trunkline.livekit.project_service import LiveKitProjectService

from .access import api_keys, pepper
from .base import clock, lane_notifier, livekit_projects, settings, table, tenant_settings, trunks
from .egress import egress


@cache
def api_key_service() -> ApiKeyService:
    return ApiKeyService(api_keys(), tenant_settings(), pepper(), clock())


@cache
def user_pool() -> CognitoUserPool | None:
    return CognitoUserPool.from_settings(settings().user_pool_issuer, settings().user_pool_client_id)


@cache
def audit_log() -> AuditLog:
    return AuditLog(table())


@cache
def livekit_project_service() -> LiveKitProjectService:
    return LiveKitProjectService(
        table=table(),
        secrets=aws_clients.client("secretsmanager"),
        secret_prefix=settings().own_livekit_prefix,
        kms_key_id=settings().data_key_arn,
        projects=livekit_projects(),
        check_url=egress().check,
        webhook_url=f"{settings().api_url}/livekit/webhook",
        clock=clock(),
        resume_trunks=RefusedTrunks(trunks(), lane_notifier(), clock()).resume,
    )
