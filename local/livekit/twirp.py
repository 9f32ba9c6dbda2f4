"""Encoding of Twirp requests, responses and errors, in JSON and protobuf.

Source: https://twitchtv.github.io/twirp/docs/spec_v7.html
"""

from __future__ import annotations

import json
from typing import Any, TypeVar

from aiohttp import web
from google.protobuf.json_format import MessageToDict, Parse, ParseError
from google.protobuf.message import DecodeError, Message

_PROTOBUF = "application/protobuf"
_HTTP_STATUS = {
    "canceled": 408,
    "invalid_argument": 400,
    "malformed": 400,
    "deadline_exceeded": 408,
    "not_found": 404,
    "bad_route": 404,
    "permission_denied": 403,
    "unauthenticated": 401,
    "resource_exhausted": 429,
    "failed_precondition": 412,
    "internal": 500,
    "unavailable": 503,
}
M = TypeVar("M", bound=Message)


class TwirpError(Exception):
    """An error response: a Twirp code, a message and metadata."""

    def __init__(self, code: str, message: str, meta: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.meta = meta

    def response(self) -> web.Response:
        """Return the HTTP response, with the status of the code."""
        body: dict[str, Any] = {"code": self.code, "msg": self.message}
        if self.meta:
            body["meta"] = self.meta
        return web.json_response(body, status=_HTTP_STATUS[self.code])


def parse_request(body: bytes, content_type: str, message: M) -> M:
    """Parse a request; JSON may use snake_case or camelCase, and unknown fields are ignored.

    Raises:
        TwirpError: the body is malformed.
    """
    try:
        if content_type == _PROTOBUF:
            message.ParseFromString(body)
            return message
        return Parse(body, message, ignore_unknown_fields=True)
    except (ParseError, DecodeError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise TwirpError("malformed", "the json request could not be decoded") from error


def encode_response(message: Message, content_type: str) -> web.Response:
    """Encode a response as its request was; JSON in snake_case, with defaults, int64 as strings."""
    if content_type == _PROTOBUF:
        return web.Response(body=message.SerializeToString(), content_type=_PROTOBUF)
    body = MessageToDict(message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)
    return web.json_response(body)
