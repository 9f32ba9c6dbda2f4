"""Rendering of an action's request, and interpretation of the response. Pure."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from trunkline.core.json_text import json_text, parse_json
from trunkline.core.trace_context import HEADER, traceparent_of
from trunkline.egress.messages import Request, Response
from trunkline.templating.escaping import JSON_TYPE, render_body, render_header, render_url
from trunkline.templating.jmespath_query import search
from trunkline.templating.size_limits import require_size
from trunkline.templating.templates import Scope, TemplateError
from trunkline.tool_runtime.errors import MAY_HAVE_HAPPENED, ActionFailed, FailureType
from trunkline.tool_runtime.redaction import SecretRedactor
from trunkline.tools.actions import ApiCall

MAX_TOOL_RESPONSE_BYTES = 256 * 1024
MAX_RESULT_BYTES = 32 * 1024
_MAX_EXCERPT_LENGTH = 2000
_USER_AGENT = "Trunkline-Tools/1"


@dataclass(frozen=True)
class RenderedRequest:
    """An action's request with its values filled in."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes

    def request(self, deadline_s: float) -> Request:
        """Return the request to send; it reads one byte more than is allowed, to detect a larger response."""
        return Request(
            self.method, self.url, self.headers, self.body, deadline_s, MAX_TOOL_RESPONSE_BYTES + 1
        )


def render_request(
    action: ApiCall, scope: Scope, idempotency_key: str, trace_id: str | None = None
) -> RenderedRequest:
    """Render an action's request; headers of the action replace the default ones.

    `trace_id` joins it to the trace of its call.

    Raises:
        TemplateError: a value is missing, or is not valid in its position.
    """
    headers = {"User-Agent": _USER_AGENT, "Idempotency-Key": idempotency_key}
    if trace_id:
        headers[HEADER] = traceparent_of(trace_id, idempotency_key)
    body = b""
    if action.body is not None:
        body = render_body(action.body, action.media_type, scope)
        headers["Content-Type"] = action.content_type or JSON_TYPE
    own = {name: render_header(text, scope) for name, text in action.headers.items()}
    named = {name.lower() for name in own}
    headers = {name: text for name, text in headers.items() if name.lower() not in named}
    return RenderedRequest(action.method, render_url(action.url, scope), headers | own, body)


@dataclass(frozen=True)
class Interpreted:
    """The content of a response: `result` is for the agent, `saved` for the workflow's state."""

    result: Any
    saved: Mapping[str, Any] = field(default_factory=dict)


def interpret_response(
    action: ApiCall,
    response: Response,
    redactor: SecretRedactor,
    *,
    may_have_happened: bool,
    secret_keys: frozenset[str] = frozenset(),
) -> Interpreted:
    """Interpret a response as its action describes, without secrets.

    What the action saves under one of `secret_keys` is a secret, too, also in a response that is not the
    expected one. `may_have_happened` says that an earlier try may have been done.

    Raises:
        ActionFailed: the response is not what the action expects.
    """
    status = response.status or 0
    value, is_json = _parse(response.body[:MAX_TOOL_RESPONSE_BYTES])
    redactor = _knowing_saved(redactor, action, value, secret_keys)
    if not action.expect.accepts(status):
        raise _unexpected_status(status, value, redactor, may_have_happened=may_have_happened)
    if len(response.body) > MAX_TOOL_RESPONSE_BYTES:
        text = f"The backend's response is larger than {MAX_TOOL_RESPONSE_BYTES} bytes; the request was sent"
        raise _failure_after_request(FailureType.ANSWER_TOO_LARGE, text, status)
    if not is_json and (action.expect.body or action.save or action.result):
        text = "The backend's response is not valid JSON; the request was sent"
        raise _failure_after_request(FailureType.ANSWER_NOT_JSON, text, status)
    try:
        return _select(action, value, redactor, status)
    except TemplateError as error:
        raise _failure_after_request(FailureType.UNEXPECTED_ANSWER, error.message, status) from error


def _select(action: ApiCall, value: Any, redactor: SecretRedactor, status: int) -> Interpreted:
    if action.expect.body and not search(action.expect.body, value):
        text = "The backend's response is not the expected one"
        raise _failure_after_request(
            FailureType.UNEXPECTED_ANSWER, text, status, _excerpt(redactor.redact(value))
        )
    saved = {name: search(query, value) for name, query in action.save.items()}
    result = search(action.result, value) if action.result else value
    require_size(
        result, MAX_RESULT_BYTES, "the response: select with `result` the part that the agent needs; it"
    )
    return Interpreted(redactor.redact(result), saved)


def _knowing_saved(
    redactor: SecretRedactor, action: ApiCall, value: Any, secret_keys: frozenset[str]
) -> SecretRedactor:
    """Return a redactor that knows what a response contains for the state's secret keys."""
    for name, query in action.save.items():
        if name in secret_keys:
            # A query that does not fit the response selects no secret; the action fails for it later.
            with suppress(TemplateError):
                redactor = redactor.knowing(search(query, value))
    return redactor


def _unexpected_status(
    status: int, value: Any, redactor: SecretRedactor, *, may_have_happened: bool
) -> ActionFailed:
    return ActionFailed(
        FailureType.UNEXPECTED_STATUS,
        f"The backend responded with status {status}" + (MAY_HAVE_HAPPENED if may_have_happened else ""),
        may_have_happened=may_have_happened,
        http_status=status,
        answer=_excerpt(redactor.redact(value)),
    )


def _failure_after_request(kind: FailureType, text: str, status: int, answer: Any = None) -> ActionFailed:
    return ActionFailed(kind, text, may_have_happened=True, http_status=status, answer=answer)


def _parse(body: bytes) -> tuple[Any, bool]:
    """Return a body's JSON value and True, or its text and False; an empty body is None.

    A byte order mark is no part of the JSON after it (RFC 8259, 8.1).
    """
    body = body.removeprefix(codecs.BOM_UTF8)
    if not body.strip():
        return None, False
    try:
        value = parse_json(body)
    except ValueError:
        text = body.decode(errors="replace")
        return "".join(letter for letter in text if letter.isprintable() or letter in "\n\t"), False
    return value, True


def _excerpt(value: Any) -> Any:
    """Return a value, or the beginning of a long one as text."""
    text = value if isinstance(value, str) else json_text(value)
    return value if len(text) <= _MAX_EXCERPT_LENGTH else text[:_MAX_EXCERPT_LENGTH]
