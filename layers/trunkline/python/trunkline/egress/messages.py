"""What goes out and what comes back. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class TransportError(StrEnum):
    """Why there is no answer."""

    REFUSED_ADDRESS = "address_refused"
    DNS = "dns_error"
    CONNECT = "connection_failed"
    TLS = "tls_error"
    TIMEOUT = "timeout"
    BROKEN = "connection_broken"
    INVALID = "invalid_request"


@dataclass(frozen=True)
class Request:
    """One request; `deadline_s` is for all of it, and no more than `max_answer_bytes` of the answer are
    read."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    deadline_s: float
    max_answer_bytes: int


@dataclass(frozen=True)
class Response:
    """What came back: a status, or a fault. `sent` is False if surely no byte of the request left."""

    status: int | None
    headers: Mapping[str, str]
    body: bytes
    took_ms: int
    fault: TransportError | None = None
    detail: str = ""
    sent: bool = True
