"""Twirp on the wire: JSON and protobuf requests and answers, errors as LiveKit words them."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from aiohttp import web
from google.protobuf.json_format import MessageToDict, Parse, ParseError
from google.protobuf.message import DecodeError, Message

_PROTOBUF = "application/protobuf"
_STATUS = {
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


class TwirpFault(Exception):
    """An error answer: code, message and meta, with the HTTP status that goes with the code."""

    def __init__(self, code: str, message: str, meta: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.meta = meta

    def response(self) -> web.Response:
        body: dict[str, Any] = {"code": self.code, "msg": self.message}
        if self.meta:
            body["meta"] = self.meta
        return web.json_response(body, status=_STATUS[self.code])


def parse(body: bytes, content_type: str, message: M) -> M:
    """Read a request; JSON may use snake_case or camelCase, and unknown fields are ignored."""
    try:
        if content_type == _PROTOBUF:
            message.ParseFromString(body)
            return message
        return Parse(body, message, ignore_unknown_fields=True)
    except (ParseError, DecodeError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise TwirpFault("malformed", "the json request could not be decoded") from error


def answer(message: Message, content_type: str) -> web.Response:
    """Answer in the request's own encoding; JSON in snake_case, with defaults, int64 as strings."""
    if content_type == _PROTOBUF:
        return web.Response(body=message.SerializeToString(), content_type=_PROTOBUF)
    body = MessageToDict(message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)
    return web.json_response(body)
