"""HTTP responses and the bodies that many routes share."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from typing_extensions import TypedDict

Body = TypeVar("Body")


class Deleted(TypedDict):
    """The resource was deleted."""

    id: str
    deleted: bool


def deleted(resource_id: str) -> Deleted:
    """Return the response body for a deleted resource; `resource_id` is its id, name or slug."""
    return {"id": resource_id, "deleted": True}


@dataclass(frozen=True)
class Reply(Generic[Body]):
    """A route's response body with more than its status: `replayed` if an earlier request with the same
    idempotency key produced it, and `Set-Cookie` values."""

    body: Body
    replayed: bool = False
    cookies: tuple[str, ...] = ()


def body_text(value: Any) -> str:
    """Write JSON as clients get it: UTF-8, and with the spaces that scripts with `grep` rely on."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


@dataclass(frozen=True)
class Response:
    """A JSON response."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: tuple[str, ...] = ()

    def to_payload(self) -> dict[str, Any]:
        """Return it in API Gateway's payload format 2.0; no cache may store it."""
        standard = {"Content-Type": "application/json", "Cache-Control": "no-store"}
        return {
            "statusCode": self.status,
            "headers": standard | dict(self.headers),
            "cookies": list(self.cookies),
            "isBase64Encoded": False,
            "body": body_text(self.body),
        }
