"""The way to addresses that a tenant chose, built at its first use: other routes pay for no import."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from trunkline.core.clock import Clock
from trunkline.core.errors import InvalidRequest
from trunkline.egress.address_policy import AddressPolicy, UnsafeAddress
from trunkline.egress.messages import Request, Response
from trunkline.tool_runtime.http_retry import RetryingSender

if TYPE_CHECKING:
    from trunkline.egress.sync_client import SyncEgressClient


@dataclass(frozen=True)
class Outgoing:
    """Requests to tenants' addresses."""

    policy: AddressPolicy
    clock: Clock

    def check(self, url: str, field: str = "url") -> None:
        """Refuse what may not be called, as far as it can be told today; each request looks again.

        Raises:
            InvalidRequest: says why, of that field.
        """
        try:
            self._client.check(url)
        except UnsafeAddress as error:
            text = f"Validation error: {field}: {error.reason}"
            raise InvalidRequest(text, field=field.partition(".")[0]) from error

    def send(self, request: Request) -> Response:
        """Send a request; whatever happens is told in the answer."""
        return self._client.send(request)

    @property
    def sender(self) -> RetryingSender:
        """What sends tools' requests, and again where that is harmless."""
        return RetryingSender(self.send, time.sleep, random.random, self.clock)

    @cached_property
    def _client(self) -> SyncEgressClient:
        from trunkline.egress.client import EgressClient  # noqa: PLC0415
        from trunkline.egress.sync_client import SyncEgressClient  # noqa: PLC0415

        return SyncEgressClient(EgressClient(self.policy))
