"""Disabling of an endpoint, with an event for the tenant and a notice for operators."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from trunkline.webhooks.events import Event, EventType
from trunkline.webhooks.models import Endpoint
from trunkline.webhooks.repository import EndpointRepository

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient


@dataclass(frozen=True)
class EndpointDisabler:
    """Disables endpoints: sends an event to the tenant's other endpoints and a notice to the SNS topic."""

    endpoints: EndpointRepository
    client: SNSClient
    topic_arn: str
    disable_after_s: int
    log: Logger

    def disable(self, endpoint: Endpoint, reason: str, now_ms: int) -> None:
        """Disable an endpoint; do nothing if another request changed it first."""
        event = Event(
            f"evt_{uuid.uuid4().hex}",
            EventType.WEBHOOK_DISABLED,
            endpoint.tenant_id,
            endpoint.livemode,
            now_ms,
            {"webhook_id": endpoint.id, "url": endpoint.shown_url, "reason": reason},
        )
        if not self.endpoints.disable(endpoint, reason, event):
            return
        text = f"Webhook {endpoint.id} of tenant {endpoint.tenant_id} was disabled: {reason}."
        message = {"webhook_id": endpoint.id, "tenant_id": endpoint.tenant_id, "reason": reason}
        try:
            self.client.publish(
                TopicArn=self.topic_arn,
                Subject="Trunkline: a webhook was disabled",
                Message=f"{text}\n\n{json.dumps(message)}",
            )
        except (BotoCoreError, ClientError) as error:
            # The tenant is still informed by the event.
            self.log.error("notice not sent", webhook_id=endpoint.id, cause=type(error).__name__)
