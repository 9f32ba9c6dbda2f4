"""Schemas of a tool's actions."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from trunkline.core.validation import InputModel
from trunkline.egress.address_policy import MAX_URL_LENGTH
from trunkline.egress.headers import is_valid_header_name
from trunkline.templating.escaping import FORM_TYPE, is_json
from trunkline.templating.jmespath_query import MAX_EXPRESSION, require_query
from trunkline.templating.templates import TemplateError

MAX_TIMEOUT_S = 20
MAX_RETRIES = 5
MAX_TOOL_HEADERS = 30
IDEMPOTENT_METHODS = frozenset({"GET", "HEAD", "PUT", "DELETE"})
"""Methods that may safely be sent twice (RFC 9110, 9.2.2)."""

_STATUS = re.compile(r"[1-5]xx|[1-5][0-9][0-9]")
_TEXT_TYPES = ("text/plain", "text/xml", "text/html", "application/xml", FORM_TYPE)


def _query(text: str) -> str:
    try:
        require_query(text)
    except TemplateError as error:
        raise ValueError(error.message) from error
    return text


def _statuses(values: list[str | int]) -> list[str | int]:
    if unknown := [status for status in values if not _STATUS.fullmatch(str(status))]:
        raise ValueError(f"{unknown[0]} is not a status: use for example 201 or 2xx")
    return values


Query = Annotated[str, Field(min_length=1, max_length=MAX_EXPRESSION), AfterValidator(_query)]
StateKey = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_-]{0,99}$")]
Reason = Annotated[str, Field(min_length=1, max_length=200)]


class Expect(InputModel):
    """The expected response: its status (200, "2xx"), and JMESPath that must find a true value in it."""

    status: Annotated[list[str | int], Field(min_length=1, max_length=20), AfterValidator(_statuses)] = [
        "2xx"
    ]
    body: Query | None = None

    def accepts(self, status: int) -> bool:
        """Tell whether a status is expected."""
        return bool({status, str(status), f"{status // 100}xx"} & set(self.status))


class ApiCall(InputModel):
    """A request to the tenant's backend.

    `timeout` is in seconds for each try. Connection errors, 429 and 5xx are retried `retry_count` times with
    the same Idempotency-Key. A time-out after the request was sent is retried only for an idempotent method,
    or if `idempotent` is true. `save` writes parts of the response, selected with JMESPath, to the workflow's
    state. `result` selects the part that the agent receives, by default all of it.
    """

    type: Literal["api_call"]
    url: Annotated[str, Field(min_length=1, max_length=MAX_URL_LENGTH)]
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    headers: Annotated[dict[str, str], Field(max_length=MAX_TOOL_HEADERS)] = {}
    body: Any = None
    timeout: Annotated[float, Field(gt=0, le=MAX_TIMEOUT_S)] = 15
    retry_count: Annotated[int, Field(ge=0, le=MAX_RETRIES)] = 3
    idempotent: bool | None = None
    expect: Expect = Expect()
    save: Annotated[dict[StateKey, Query], Field(max_length=50)] = {}
    result: Query | None = None

    @model_validator(mode="after")
    def _can_be_sent(self) -> ApiCall:
        for name in self.headers:
            if not is_valid_header_name(name):
                raise ValueError(f"headers: {name[:64]!r} is not a header that a tool may set")
        if len({name.lower() for name in self.headers}) < len(self.headers):
            raise ValueError("headers: a name occurs twice")
        if self.body is not None and self.method in ("GET", "HEAD"):
            raise ValueError(f"{self.method} must not have a body")
        if "{{" in self.content_type:
            raise ValueError("headers: Content-Type must not be a template")
        if isinstance(self.body, str) and not (is_json(self.media_type) or self.media_type in _TEXT_TYPES):
            raise ValueError(f"a text body needs a Content-Type of {', '.join(_TEXT_TYPES)} or JSON")
        return self

    @property
    def content_type(self) -> str:
        """Return the Content-Type header; it is empty for JSON."""
        return next((text for name, text in self.headers.items() if name.lower() == "content-type"), "")

    @property
    def media_type(self) -> str:
        """Return the content type in lower case, without parameters."""
        return self.content_type.partition(";")[0].strip().lower()

    @property
    def may_be_repeated(self) -> bool:
        """Tell whether the request may be sent again although it may have been done."""
        return self.method in IDEMPOTENT_METHODS if self.idempotent is None else self.idempotent


class SetState(InputModel):
    """Changes the workflow's state: `values` are set, `append` adds to lists."""

    type: Literal["set_state"]
    values: Annotated[dict[StateKey, Any], Field(max_length=50)] = {}
    append: Annotated[dict[StateKey, Any], Field(max_length=50)] = {}

    @model_validator(mode="after")
    def _does_something(self) -> SetState:
        if not self.values and not self.append:
            raise ValueError("values or append is required")
        return self


class TransferAgent(InputModel):
    """Transfers the call to another agent of the workflow, by its name."""

    type: Literal["transfer_agent"]
    agent: Annotated[str, Field(min_length=1, max_length=500)]


class EndCall(InputModel):
    """Ends the call."""

    type: Literal["end_call"]
    reason: Reason = "agent_hangup"


Action = Annotated[ApiCall | SetState | TransferAgent | EndCall, Field(discriminator="type")]
