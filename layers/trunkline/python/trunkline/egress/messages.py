"""Requests to tenants' addresses and their responses. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class TransportError(StrEnum):
    """The reason why there is no response."""

    REFUSED_ADDRESS = "address_refused"
    DNS = "dns_error"
    CONNECT = "connection_failed"
    TLS = "tls_error"
    TIMEOUT = "timeout"
    BROKEN = "connection_broken"
    INVALID = "invalid_request"


@dataclass(frozen=True)
class Request:
    """One request; `deadline_s` limits all of it, `max_response_bytes` what is read of the response."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    deadline_s: float
    max_response_bytes: int


@dataclass(frozen=True)
class Response:
    """A response: a status, or an error. `sent` is False if certainly no byte of the request was sent."""

    status: int | None
    headers: Mapping[str, str]
    body: bytes
    took_ms: int
    error: TransportError | None = None
    detail: str = ""
    sent: bool = True
