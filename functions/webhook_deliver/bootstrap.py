"""Composition root of `webhook_deliver`: its objects, built once per process."""

from __future__ import annotations

import random
import time
from functools import cache

from trunkline.calls.repository import CallRepository
from trunkline.calls.transcript_repository import TranscriptRepository
from trunkline.core import aws_clients
from trunkline.core.clock import SystemClock
from trunkline.core.logging import logger
from trunkline.core.metrics import MetricWriter
from trunkline.core.settings import WebhookDeliverSettings
from trunkline.egress.address_policy import AddressPolicy
from trunkline.egress.client import EgressClient
from trunkline.egress.sync_client import SyncEgressClient
from trunkline.storage.encryption import EnvelopeCipher
from trunkline.storage.table import Table
from trunkline.webhooks.attempt_sender import AttemptSender
from trunkline.webhooks.delivery_repository import DeliveryRepository
from trunkline.webhooks.delivery_slots import DeliverySlots
from trunkline.webhooks.delivery_worker import DeliveryWorker
from trunkline.webhooks.disable import EndpointDisabler
from trunkline.webhooks.health_repository import EndpointHealthRepository
from trunkline.webhooks.payload import PayloadBuilder
from trunkline.webhooks.rate_limiter import EndpointRateLimiter
from trunkline.webhooks.repository import EndpointRepository
from trunkline.webhooks.secrets import EndpointSecrets

log = logger("webhook_deliver")
meter = MetricWriter("webhook_deliver")


@cache
def delivery_worker() -> DeliveryWorker:
    """Build the worker from the environment."""
    settings = WebhookDeliverSettings.from_env()
    table = Table(aws_clients.client("dynamodb"), settings.table_name)
    endpoints = EndpointRepository(table)
    disable_after_s = int(settings.webhook_disable_after_s)
    return DeliveryWorker(
        deliveries=DeliveryRepository(table),
        endpoints=endpoints,
        slots=DeliverySlots(
            table,
            random.random,
            per_endpoint=int(settings.webhook_slots),
            per_tenant=int(settings.webhook_tenant_slots),
            total=int(settings.webhook_deliveries_at_once),
        ),
        rate_limiter=EndpointRateLimiter(table),
        health=EndpointHealthRepository(table),
        sender=_attempt_sender(settings, table),
        disabler=EndpointDisabler(
            endpoints, aws_clients.client("sns"), settings.notices_topic_arn, disable_after_s, log
        ),
        clock=SystemClock(),
        sleep=time.sleep,
        jitter=random.random,
        log=log,
        meter=meter,
    )


def _attempt_sender(settings: WebhookDeliverSettings, table: Table) -> AttemptSender:
    client = EgressClient(AddressPolicy.parse(settings.outgoing_loopback_ports))
    return AttemptSender(
        secrets=EndpointSecrets(EnvelopeCipher(settings.context_key_arn)),
        payloads=PayloadBuilder(CallRepository(table), TranscriptRepository(table), settings.api_url),
        send_request=SyncEgressClient(client).send,
        log=log,
    )
