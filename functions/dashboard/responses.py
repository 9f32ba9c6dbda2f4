"""Responses to requests for the dashboard: a file, the page, or an error.

Source: AWS, "Create AWS Lambda proxy integrations for HTTP APIs", payload format 2.0:
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

import base64
import gzip
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .security_headers import COMMON, page_headers
from .site import INDEX, Site

_OTHER_APIS = ("api", "agent", "livekit")
_IMMUTABLE = "public, max-age=31536000, immutable"
"""A file below `assets/` has a hash of its content in its name."""
_REVALIDATED = "no-cache"
_TOKENS = {"br": "br", "gz": "gzip"}
"""Content codings (RFC 9110, 8.4.1) by the ending of the file, best first."""
_NONCE = b"__NONCE__"


@dataclass(frozen=True)
class Response:
    """A response with bytes as its body."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def to_payload(self) -> dict[str, Any]:
        """Return it in payload format 2.0; the body is in Base64, for it may be compressed."""
        return {
            "statusCode": self.status,
            "headers": {**COMMON, **self.headers},
            "isBase64Encoded": True,
            "body": base64.b64encode(self.body).decode(),
        }


def respond(event: Mapping[str, Any], site: Site) -> Response:
    """Respond to one request of payload format 2.0."""
    request_id = str(event["requestContext"]["requestId"])
    method = event["requestContext"]["http"]["method"]
    if method not in ("GET", "HEAD"):
        return _error(405, "Method not allowed", "method_not_allowed", request_id, {"Allow": "GET, HEAD"})
    headers = {name.lower(): value for name, value in event.get("headers", {}).items()}
    found = _find(event["rawPath"].lstrip("/"), headers, site)
    response = found or _error(404, "Not found", "not_found", request_id)
    return Response(response.status, b"", response.headers) if method == "HEAD" else response


def _find(path: str, headers: Mapping[str, str], site: Site) -> Response | None:
    """Return the response for a path; None if there is nothing there.

    Every path that has no file is one of the app's own, unless it is another API's, or looks like a file: a
    page in place of a script that a deployment removed would fail in the browser without a reason.
    """
    if path.split("/", maxsplit=1)[0] in _OTHER_APIS:
        return None
    if path == "config.json":
        body = json.dumps(site.config).encode()
        return Response(200, body, {"Content-Type": "application/json", "Cache-Control": _REVALIDATED})
    if path in site.files and path != INDEX:
        return _file(path, headers, site)
    return None if "." in path.rsplit("/", maxsplit=1)[-1] and path != INDEX else _page(headers, site)


def _file(path: str, headers: Mapping[str, str], site: Site) -> Response:
    file = site.files[path]
    encoding = next((each for each in file.encodings if _accepts(headers, _TOKENS[each])), None)
    cache = _IMMUTABLE if path.startswith("assets/") else _REVALIDATED
    standard = {"Cache-Control": cache, "ETag": f'W/"{file.etag}"', "Vary": "Accept-Encoding"}
    if _is_known(headers, file.etag):
        return Response(304, b"", standard)
    coded = {"Content-Encoding": _TOKENS[encoding]} if encoding else {}
    return Response(200, site.content(path, encoding), {**standard, **coded, "Content-Type": file.type})


def _page(headers: Mapping[str, str], site: Site) -> Response:
    """Return the page, with a nonce of its own.

    A 304 has no policy: a browser goes on with the stored one, whose nonce is the stored page's (RFC 9111,
    4.3.4).
    """
    file = site.files[INDEX]
    standard = {"Cache-Control": _REVALIDATED, "ETag": f'W/"{file.etag}"', "Vary": "Accept-Encoding"}
    if _is_known(headers, file.etag):
        return Response(304, b"", standard)
    nonce = secrets.token_urlsafe(16)
    body = site.content(INDEX).replace(_NONCE, nonce.encode())
    coded = {}
    if _accepts(headers, "gzip"):
        body, coded = gzip.compress(body, mtime=0), {"Content-Encoding": "gzip"}
    policy = page_headers(nonce, site.connects_to)
    return Response(200, body, {**standard, **coded, **policy, "Content-Type": file.type})


def _accepts(headers: Mapping[str, str], coding: str) -> bool:
    """Tell whether the client accepts a content coding (RFC 9110, 12.5.3); `*` is not taken for one."""
    for part in headers.get("accept-encoding", "").lower().split(","):
        name, *parameters = (each.strip() for each in part.split(";"))
        if name == coding:
            return not any(each.replace(" ", "") in _REFUSED for each in parameters)
    return False


_REFUSED = ("q=0", "q=0.0", "q=0.00", "q=0.000")


def _is_known(headers: Mapping[str, str], etag: str) -> bool:
    """Tell whether the client has the content (RFC 9110, 13.1.2)."""
    known = [each.strip().removeprefix("W/") for each in headers.get("if-none-match", "").split(",")]
    return f'"{etag}"' in known


def _error(
    status: int, message: str, error_type: str, request_id: str, headers: Mapping[str, str] | None = None
) -> Response:
    """Return an error in the form of the API's (`docs/errors.md`); no cache may store it."""
    body = {"error": {"message": message, "code": status, "type": error_type, "request_id": request_id}}
    standard = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    return Response(status, json.dumps(body).encode(), {**standard, **(headers or {})})
