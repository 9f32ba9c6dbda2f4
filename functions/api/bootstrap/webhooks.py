"""Builds the services of webhooks and their deliveries."""

from __future__ import annotations

from functools import cache

from trunkline.call_control.follow_events import EventFollower
from trunkline.calls.transcript_repository import TranscriptRepository
from trunkline.core import aws_clients
from trunkline.core.item_guard import ItemGuard
from trunkline.core.logging import logger
from trunkline.webhooks.call_deliveries import CallDeliveryReader
from trunkline.webhooks.delivery_executions import DeliveryStateMachine
from trunkline.webhooks.delivery_repository import DeliveryRepository
from trunkline.webhooks.delivery_request import DeliveryRequestReader
from trunkline.webhooks.delivery_service import DeliveryService
from trunkline.webhooks.delivery_starter import DeliveryStarter
from trunkline.webhooks.feed_reader import EventFeedReader
from trunkline.webhooks.feed_writer import EventFeedWriter
from trunkline.webhooks.health_repository import EndpointHealthRepository
from trunkline.webhooks.payload import PayloadBuilder
from trunkline.webhooks.repository import EndpointRepository
from trunkline.webhooks.secrets import EndpointSecrets
from trunkline.webhooks.service import WebhookService

from .base import calls, cipher, clock, long_polls, settings, table
from .egress import egress

log = logger("api")


@cache
def webhook_service() -> WebhookService:
    return WebhookService(
        EndpointRepository(table()),
        EndpointHealthRepository(table()),
        EndpointSecrets(cipher()),
        egress().check,
        clock(),
    )


@cache
def call_delivery_reader() -> CallDeliveryReader:
    return CallDeliveryReader(
        calls(), EndpointRepository(table()), DeliveryRepository(table(), ItemGuard("api", log))
    )


@cache
def delivery_service() -> DeliveryService:
    deliveries = DeliveryRepository(table(), ItemGuard("api", log))
    workflow = DeliveryStateMachine(aws_clients.client("stepfunctions"), settings().delivery_flow_arn)
    starter = DeliveryStarter(deliveries, workflow, clock(), log)
    feed = EventFeedWriter(table(), clock(), ItemGuard("api", log))
    return DeliveryService(webhook_service(), deliveries, starter, clock(), feed.record)


@cache
def delivery_request_reader() -> DeliveryRequestReader:
    payloads = PayloadBuilder(calls(), TranscriptRepository(table()), settings().api_url)
    return DeliveryRequestReader(delivery_service(), payloads)


@cache
def event_follower() -> EventFollower:
    guard = ItemGuard("api", log)
    return EventFollower(EventFeedReader(table(), clock(), guard), calls(), long_polls(), clock(), guard)
