"""Builds the services of triggers and schedules."""

from __future__ import annotations

from functools import cache

from trunkline.auth.principal import Principal
from trunkline.call_templates.create_call import TemplateCallCreator
from trunkline.call_templates.user_context import TemplateCipher
from trunkline.core.logging import logger
from trunkline.http_api.request_body import parse_object
from trunkline.schedules.eventbridge_sync import ScheduleSync
from trunkline.schedules.repository import ScheduleRepository
from trunkline.schedules.runner import ScheduleRunner
from trunkline.schedules.service import ScheduleService
from trunkline.triggers.event_handler import TriggerEventHandler
from trunkline.triggers.rate_limiter import EventRateLimiter
from trunkline.triggers.repository import TriggerRepository
from trunkline.triggers.service import TriggerService

from .base import cipher, clock, settings, table, tenant_settings
from .outbound import outbound_call_service, template_targets, workflow_call_service
from .refusals import refusal_log

log = logger("api")


def _creator(source: str) -> TemplateCallCreator:
    return TemplateCallCreator(outbound_call_service(), workflow_call_service(), source, refusal_log())


def _log_owner(principal: Principal) -> None:
    log.append_keys(tenant_id=principal.tenant_id, livemode=principal.livemode)


@cache
def trigger_service() -> TriggerService:
    return TriggerService(
        TriggerRepository(table()), template_targets(), cipher(), clock(), settings().api_url
    )


@cache
def trigger_event_handler() -> TriggerEventHandler:
    return TriggerEventHandler(
        TriggerRepository(table()),
        cipher(),
        _creator("trigger"),
        parse_object,
        EventRateLimiter(table(), tenant_settings(), clock()).count,
        clock(),
        log,
        _log_owner,
    )


@cache
def schedule_runner() -> ScheduleRunner:
    return ScheduleRunner(
        ScheduleRepository(table()), TemplateCipher(cipher()), _creator("schedule"), clock(), log, _log_owner
    )


@cache
def schedule_service() -> ScheduleService:
    sync = ScheduleSync.open(table(), settings(), clock(), log)
    return ScheduleService(ScheduleRepository(table()), template_targets(), sync, schedule_runner(), clock())
