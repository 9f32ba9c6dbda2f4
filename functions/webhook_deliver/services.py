"""What the deliveries work with, built once per process."""

from __future__ import annotations

import random
from functools import cache

from trunkline.calls.repository import CallRepository
from trunkline.calls.transcript_repository import TranscriptRepository
from trunkline.core import aws_clients
from trunkline.core.clock import SystemClock
from trunkline.core.logging import logger
from trunkline.core.settings import WebhookDeliverSettings
from trunkline.egress.address_policy import AddressPolicy
from trunkline.egress.client import EgressClient
from trunkline.egress.sync_client import BlockingClient
from trunkline.storage.encryption import EnvelopeCipher
from trunkline.storage.table import Table
from trunkline.webhooks.courier import Courier
from trunkline.webhooks.delivery_store import DeliveryStore
from trunkline.webhooks.endpoint_store import EndpointStore
from trunkline.webhooks.gate import Gate, HealthStore
from trunkline.webhooks.notices import Notices
from trunkline.webhooks.payload import Payloads
from trunkline.webhooks.sealed import Seals

log = logger("webhook_deliver")


@cache
def courier() -> Courier:
    settings = WebhookDeliverSettings.from_env()
    table = Table(aws_clients.client("dynamodb"), settings.table_name)
    endpoints = EndpointStore(table)
    disable_after_s = int(settings.webhook_disable_after_s)
    return Courier(
        deliveries=DeliveryStore(table),
        endpoints=endpoints,
        gate=Gate(table, random.random, int(settings.webhook_slots)),
        health=HealthStore(table),
        seals=Seals(EnvelopeCipher(settings.context_key_arn)),
        payloads=Payloads(CallRepository(table), TranscriptRepository(table), settings.api_url),
        notices=Notices(
            endpoints, aws_clients.client("sns"), settings.notices_topic_arn, disable_after_s, log
        ),
        send=BlockingClient(EgressClient(AddressPolicy.parse(settings.outgoing_loopback_ports))).send,
        schedule_s=tuple(int(wait_s) for wait_s in settings.webhook_schedule_s.split(",")),
        clock=SystemClock(),
        chance=random.random,
        log=log,
    )
