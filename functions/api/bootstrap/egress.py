"""Builds the client of requests to addresses that a tenant chose, at its first use."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING

from trunkline.core.clock import Clock
from trunkline.core.errors import InvalidRequest
from trunkline.egress.address_policy import AddressPolicy, UnsafeAddress
from trunkline.egress.messages import Request, Response

from .base import clock, settings

if TYPE_CHECKING:
    from trunkline.egress.sync_client import SyncEgressClient


@dataclass(frozen=True)
class Egress:
    """Checks and sends requests to addresses that a tenant chose."""

    policy: AddressPolicy
    clock: Clock

    def check(self, url: str, field: str = "url") -> None:
        """Check that an address may be called; each request to it is checked again.

        Raises:
            InvalidRequest: it must not be called; the message has the reason, and `field` as its field.
        """
        try:
            self._client.check(url)
        except UnsafeAddress as error:
            text = f"Validation error: {field}: {error.reason}"
            raise InvalidRequest(text, field=field.partition(".")[0]) from error

    def send(self, request: Request) -> Response:
        """Send a request; the response holds any failure."""
        return self._client.send(request)

    @cached_property
    def _client(self) -> SyncEgressClient:
        from trunkline.egress.client import EgressClient  # noqa: PLC0415
        from trunkline.egress.sync_client import SyncEgressClient  # noqa: PLC0415

        return SyncEgressClient(EgressClient(self.policy))


@cache
def egress() -> Egress:
    return Egress(AddressPolicy.parse(settings().outgoing_loopback_ports), clock())
