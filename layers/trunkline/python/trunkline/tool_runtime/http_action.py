"""From an action and a scope to the request, and from the answer to what the agent is told. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pydantic_core

from trunkline.egress.messages import Request, Response
from trunkline.templating.escaping import JSON_TYPE, render_body, render_header, render_url
from trunkline.templating.jmespath_query import search
from trunkline.templating.size_limits import require_size
from trunkline.templating.templates import Scope, TemplateError
from trunkline.tool_runtime.errors import DOUBT, ActionFailed, FailureType
from trunkline.tool_runtime.redaction import SecretRedactor
from trunkline.tools.actions import ApiCall

MAX_ANSWER_BYTES = 256 * 1024
MAX_RESULT = 32 * 1024
_MAX_EXCERPT = 2000
_USER_AGENT = "Trunkline-Tools/1"


@dataclass(frozen=True)
class RenderedRequest:
    """An action's request with its values in it."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes

    def request(self, deadline_s: float) -> Request:
        """As it is sent; one byte more than may be is read, to know of it."""
        return Request(self.method, self.url, self.headers, self.body, deadline_s, MAX_ANSWER_BYTES + 1)


def render_request(action: ApiCall, scope: Scope, once: str) -> RenderedRequest:
    """Put the values in; `once` is the Idempotency-Key, where the action has none of its own.

    Raises:
        TemplateError: a value is missing, or does not fit its place.
    """
    headers = {"User-Agent": _USER_AGENT, "Idempotency-Key": once}
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
    """What an answer says: `result` is for the agent, `saved` for the workflow's state."""

    result: Any
    saved: Mapping[str, Any] = field(default_factory=dict)


def interpret_response(
    action: ApiCall, answer: Response, secrecy: SecretRedactor, *, doubtful: bool
) -> Interpreted:
    """Read an answer as its action wants it; secrets in it are taken out. `doubtful`: whatever it says, the
    work may have been done.

    Raises:
        ActionFailed: it is not what the action expects.
    """
    status = answer.status or 0
    if not action.expect.takes(status):
        raise _unexpected(answer, secrecy, doubtful=doubtful)
    if len(answer.body) > MAX_ANSWER_BYTES:
        text = f"The backend's answer is larger than {MAX_ANSWER_BYTES} bytes; the request was done"
        raise _after_the_fact(FailureType.ANSWER_TOO_LARGE, text, status)
    value, is_json = _parsed(answer.body)
    if not is_json and (action.expect.body or action.save or action.result):
        text = "The backend's answer is no JSON; the request was done"
        raise _after_the_fact(FailureType.ANSWER_NOT_JSON, text, status)
    try:
        return _as_wished(action, value, secrecy, status)
    except TemplateError as error:
        raise _after_the_fact(FailureType.UNEXPECTED_ANSWER, error.message, status) from error


def _as_wished(action: ApiCall, value: Any, secrecy: SecretRedactor, status: int) -> Interpreted:
    if action.expect.body and not search(action.expect.body, value):
        text = "The backend's answer is not the one that was expected"
        raise _after_the_fact(FailureType.UNEXPECTED_ANSWER, text, status, secrecy.cleaned(_excerpt(value)))
    saved = {name: search(query, value) for name, query in action.save.items()}
    result = search(action.result, value) if action.result else value
    require_size(result, MAX_RESULT, "the answer: name with `result` what the agent needs of it; it")
    return Interpreted(secrecy.cleaned(result), saved)


def _unexpected(answer: Response, secrecy: SecretRedactor, *, doubtful: bool) -> ActionFailed:
    status = answer.status or 0
    value, _ = _parsed(answer.body[:MAX_ANSWER_BYTES])
    return ActionFailed(
        FailureType.UNEXPECTED_STATUS,
        f"The backend answered {status}" + (DOUBT if doubtful else ""),
        may_have_happened=doubtful,
        http_status=status,
        answer=secrecy.cleaned(_excerpt(value)),
    )


def _after_the_fact(kind: FailureType, text: str, status: int, answer: Any = None) -> ActionFailed:
    return ActionFailed(kind, text, may_have_happened=True, http_status=status, answer=answer)


def _parsed(body: bytes) -> tuple[Any, bool]:
    """An answer's JSON value, or its text; nothing is None."""
    if not body.strip():
        return None, False
    try:
        value = pydantic_core.from_json(body, allow_inf_nan=False)
        pydantic_core.to_json(value)
    except ValueError:
        text = body.decode(errors="replace")
        return "".join(letter for letter in text if letter.isprintable() or letter in "\n\t"), False
    return value, True


def _excerpt(value: Any) -> Any:
    """The value, or the beginning of it where it is long."""
    text = value if isinstance(value, str) else pydantic_core.to_json(value).decode()
    return value if len(text) <= _MAX_EXCERPT else text[:_MAX_EXCERPT]
