"""Settings of the Lambda functions, read once from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self


class MissingSetting(RuntimeError):
    """A required environment variable is not set."""

    def __init__(self, name: str) -> None:
        super().__init__(f"environment variable {name} is not set")


@dataclass(frozen=True)
class _FromEnvironment:
    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """Read every field from the variable of its name in capitals.

        Raises:
            MissingSetting: names the variable that is absent or empty.
        """
        values = {}
        for field in fields(cls):
            name = field.name.upper()
            if not environ.get(name):
                raise MissingSetting(name)
            values[field.name] = environ[name]
        return cls(**values)


@dataclass(frozen=True)
class OriginCheckSettings(_FromEnvironment):
    """The secret that CloudFront sends along."""

    origin_secret_arn: str


@dataclass(frozen=True)
class ApiSettings(_FromEnvironment):
    """`user_pool_issuer` and `user_pool_client_id` are `none` without a user pool.

    `own_livekit_prefix` is the prefix of the names of tenants' own LiveKit secrets. `long_polls` is how many
    requests may wait for a call to change.
    """

    table_name: str
    dial_queue_url: str
    test_dial_queue_url: str
    livekit_secret_arn: str
    own_livekit_prefix: str
    data_key_arn: str
    key_pepper_arn: str
    context_key_arn: str
    delivery_flow_arn: str
    outgoing_loopback_ports: str
    api_url: str
    schedule_group: str
    schedule_queue_arn: str
    schedule_role_arn: str
    batch_bucket: str
    batch_flow_arn: str
    user_pool_issuer: str
    user_pool_client_id: str
    long_polls: str


@dataclass(frozen=True)
class BatchSettings(_FromEnvironment):
    table_name: str
    dial_queue_url: str
    test_dial_queue_url: str
    livekit_secret_arn: str
    context_key_arn: str
    batch_bucket: str
    outgoing_loopback_ports: str


@dataclass(frozen=True)
class DialerSettings(_FromEnvironment):
    table_name: str
    dial_queue_url: str
    test_dial_queue_url: str
    call_check_queue_url: str
    livekit_secret_arn: str
    outgoing_loopback_ports: str


@dataclass(frozen=True)
class TestDialerSettings(_FromEnvironment):
    __test__ = False
    table_name: str
    dial_queue_url: str
    test_dial_queue_url: str


@dataclass(frozen=True)
class LiveKitWebhookSettings(_FromEnvironment):
    table_name: str
    dial_queue_url: str
    test_dial_queue_url: str
    call_check_queue_url: str
    livekit_secret_arn: str
    outgoing_loopback_ports: str


@dataclass(frozen=True)
class AgentApiSettings(_FromEnvironment):
    table_name: str
    livekit_secret_arn: str
    context_key_arn: str
    outgoing_loopback_ports: str


@dataclass(frozen=True)
class CallReconcilerSettings(_FromEnvironment):
    table_name: str
    dial_queue_url: str
    test_dial_queue_url: str
    call_check_queue_url: str
    repair_queue_url: str
    livekit_secret_arn: str
    outgoing_loopback_ports: str


@dataclass(frozen=True)
class ReconcilerSettings(_FromEnvironment):
    table_name: str
    repair_queue_url: str
    delivery_flow_arn: str
    schedule_group: str
    schedule_queue_arn: str
    schedule_role_arn: str
    batch_flow_arn: str


@dataclass(frozen=True)
class EventFanoutSettings(_FromEnvironment):
    table_name: str
    event_bus_name: str
    delivery_flow_arn: str


@dataclass(frozen=True)
class WebhookDeliverSettings(_FromEnvironment):
    """`webhook_slots`, `webhook_tenant_slots` and `webhook_deliveries_at_once` limit the requests in flight
    to an endpoint, of a tenant and of all tenants.

    `outgoing_loopback_ports` is `none` or `first-last`.
    """

    table_name: str
    context_key_arn: str
    notices_topic_arn: str
    api_url: str
    webhook_disable_after_s: str
    webhook_slots: str
    webhook_tenant_slots: str
    webhook_deliveries_at_once: str
    outgoing_loopback_ports: str
