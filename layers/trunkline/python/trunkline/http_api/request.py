"""HTTP requests as API Gateway sends them to a function.

Source: AWS, "Create AWS Lambda proxy integrations for HTTP APIs", payload format 2.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from trunkline.core.validation import Model
from trunkline.http_api.request_body import read_body, read_bytes, read_object

_BEARER = "bearer "
FROM_CLOUDFRONT = "cloudfront"
"""What `origin_check` says of a request that came by way of CloudFront."""


@dataclass(frozen=True)
class Request:
    """One request; header names are in lower case, repeated query parameters are joined by commas."""

    method: str
    path: str
    request_id: str
    source_ip: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    cookies: tuple[str, ...] = ()
    body: str = ""
    is_base64: bool = False

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> Request:
        """Parse a Lambda event of payload format 2.0."""
        context = event["requestContext"]
        headers = {name.lower(): value for name, value in event.get("headers", {}).items()}
        return cls(
            method=context["http"]["method"],
            path=event["rawPath"],
            request_id=str(context["requestId"]),
            source_ip=_source_ip(context, headers),
            headers=headers,
            query=event.get("queryStringParameters") or {},
            cookies=tuple(event.get("cookies") or ()),
            body=event.get("body") or "",
            is_base64=bool(event.get("isBase64Encoded")),
        )

    @property
    def bearer_token(self) -> str | None:
        """The token of the `Authorization` header (RFC 6750), or None."""
        authorization = self.headers.get("authorization", "")
        if not authorization.lower().startswith(_BEARER):
            return None
        return authorization[len(_BEARER) :].strip()

    def parse_body(self, model: type[Model]) -> Model:
        """Validate the body; raises as `read_body`."""
        return read_body(model, self.body, is_base64=self.is_base64)

    def parse_object(self) -> dict[str, Any]:
        """Parse the body as a JSON object of any fields; raises as `read_object`."""
        return read_object(self.body, is_base64=self.is_base64)

    def body_bytes(self) -> bytes:
        """Return the body as it was sent; raises as `read_bytes`."""
        return read_bytes(self.body, is_base64=self.is_base64)


def _source_ip(context: Mapping[str, Any], headers: Mapping[str, str]) -> str:
    """Return the client's address. The peer of API Gateway is CloudFront, if that is in front.

    CloudFront puts the client's address behind what the client itself wrote into `X-Forwarded-For`, and API
    Gateway may put CloudFront's behind it. Without `origin_check` nothing in the header is to be believed.
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorCustomOrigin.html
    """
    peer = str(context["http"].get("sourceIp", ""))
    authorizer = context.get("authorizer") or {}
    if (authorizer.get("lambda") or {}).get("via") != FROM_CLOUDFRONT:
        return peer
    passed = [each.strip() for each in headers.get("x-forwarded-for", "").split(",")]
    if passed[-1] == peer:
        passed.pop()
    return passed[-1] if passed and passed[-1] else peer
