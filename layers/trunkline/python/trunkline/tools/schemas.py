"""What a client may say about a tool, and how a stored one is shown."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Annotated, Any, ClassVar

from pydantic import Field, field_validator, model_validator
from typing_extensions import TypedDict

from trunkline.core.errors import InvalidRequest
from trunkline.core.timestamps import iso_from_ms
from trunkline.core.validation import StrictInputModel, ToolName
from trunkline.templating.escaping import require_fixed_host, require_writable
from trunkline.templating.templates import Expression, Template, TemplateError, expressions_in, parse
from trunkline.tools.actions import Action, ApiCall, EndCall, SetState
from trunkline.tools.models import Tool
from trunkline.tools.parameters import MAX_DEPTH, MAX_PARAMETERS, Parameter, default_order

MAX_CONFIG_BYTES = 64 * 1024
MAX_ACTIONS = 8
CALL_FIELDS = ("id", "channel", "user_id", "phone_number", "caller_id", "workflow_slug", "metadata")
"""What `{{call.…}}` can name."""

_ELSEWHERE = {"event": "is for triggers", "schedule": "is for schedules", "row": "is for batches"}
_IN_REQUEST = re.compile(r"actions\.[0-9]+\.(url|headers|body)(\.|$)")


class ToolConfig(StrictInputModel):
    """What a tool takes, and what it does, in this order; the first action that fails is the last."""

    parameters: Annotated[list[Parameter], Field(max_length=MAX_PARAMETERS)] = []
    actions: Annotated[list[Action], Field(min_length=1, max_length=MAX_ACTIONS)]

    @field_validator("parameters")
    @classmethod
    def _named_once(cls, value: list[Parameter]) -> list[Parameter]:
        if len({each.name for each in value}) < len(value):
            raise ValueError("two parameters have the same name")
        if any(each.depth > MAX_DEPTH for each in value):
            raise ValueError(f"properties may be nested {MAX_DEPTH} deep")
        return value

    @field_validator("actions")
    @classmethod
    def _ends_at_the_end(cls, value: list[Action]) -> list[Action]:
        if any(isinstance(each, EndCall) for each in value[:-1]):
            raise ValueError("end_call must be the last action")
        return value

    @property
    def requests(self) -> Iterator[tuple[int, ApiCall]]:
        """The actions that make requests, with their places."""
        return ((n, each) for n, each in enumerate(self.actions) if isinstance(each, ApiCall))

    @property
    def appends(self) -> bool:
        """Say whether it adds to lists of the workflow's state."""
        return any(isinstance(each, SetState) and each.append for each in self.actions)

    def expressions(self) -> Iterator[tuple[str, Expression]]:
        """Every template's expressions, and where they stand.

        Raises:
            TemplateError: a text is no template; begins with where it stands.
        """
        for number, parameter in enumerate(self.parameters):
            yield from expressions_in(parameter.default, f"parameters.{number}.default")
        for number, action in enumerate(self.actions):
            values = action.model_dump(exclude={"type", "expect", "save", "result"})
            yield from expressions_in(values, f"actions.{number}")


class ToolSpec(StrictInputModel):
    """A tool: its name and description are what a model chooses it by.

    `record_bodies`: what it was given and what it gave is shown with the call, without secrets.
    """

    messages: ClassVar[dict[str, str]] = {
        "name": "name must be 1 to 64 letters, digits and underscores, and begin with no digit",
        "record_bodies": "record_bodies must be true or false",
    }

    name: ToolName
    description: Annotated[str, Field(max_length=2000)] = ""
    config: ToolConfig
    record_bodies: bool = False

    @model_validator(mode="after")
    def _bounded(self) -> ToolSpec:
        if len(self.config.model_dump_json().encode()) > MAX_CONFIG_BYTES:
            raise ValueError(f"config is larger than {MAX_CONFIG_BYTES} bytes")
        return self

    def tool(self, tenant_id: str, now_ms: int, before: Tool | None) -> Tool:
        """Make the version after `before`, or the first."""
        return Tool(
            tenant_id=tenant_id,
            name=self.name,
            version=before.version + 1 if before else 1,
            description=self.description,
            config_json=self.config.model_dump_json(exclude_unset=True),
            record_bodies=self.record_bodies,
            created_at_ms=before.created_at_ms if before and not before.deleted else now_ms,
            updated_at_ms=now_ms,
        )


class ToolView(TypedDict):
    """A tool; each change makes a new version, and calls keep the one they were accepted with."""

    name: str
    version: int
    description: str
    config: dict[str, Any]
    record_bodies: bool
    created_at: str
    updated_at: str


class ToolList(TypedDict):
    data: list[ToolView]
    next_cursor: str | None


def tool_view(tool: Tool) -> ToolView:
    """Show a tool as it was written."""
    return {
        "name": tool.name,
        "version": tool.version,
        "description": tool.description,
        "config": json.loads(tool.config_json),
        "record_bodies": tool.record_bodies,
        "created_at": iso_from_ms(tool.created_at_ms),
        "updated_at": iso_from_ms(tool.updated_at_ms),
    }


def config_of(tool: Tool) -> ToolConfig:
    """A stored tool's config."""
    return ToolConfig.model_validate_json(tool.config_json)


def require_sound(config: ToolConfig) -> frozenset[str]:
    """Refuse templates that can never be filled; returns the names of the secrets that are asked for.

    Raises:
        InvalidRequest: says what is wrong, and where.
    """
    named = {each.name for each in config.parameters}
    secrets: set[str] = set()
    try:
        default_order(config.parameters)
        for place, expression in config.expressions():
            _require_known(place, expression, named)
            if expression.root == "secrets":
                secrets.add(expression.path[1])
        for number, action in config.requests:
            _at(f"actions.{number}.url", require_fixed_host, action.url)
            for name, text in action.headers.items():
                _at(f"actions.{number}.headers.{name}", require_writable, text)
    except TemplateError as error:
        raise InvalidRequest(f"Validation error: config.{error.message}", field="config") from error
    return frozenset(secrets)


def _at(place: str, require: Callable[[Template], None], text: str) -> None:
    try:
        require(parse(text))
    except TemplateError as error:
        raise TemplateError(f"{place}: {error.message}") from error


def _require_known(place: str, expression: Expression, parameters: set[str]) -> None:
    if fault := _fault(place, expression, parameters):
        raise TemplateError(f"{place}: {expression.text} {fault}")


def _fault(place: str, expression: Expression, parameters: set[str]) -> str | None:
    """What is wrong with an expression, wherever the call may stand."""
    steps = expression.path[1:]
    if expression.root in _ELSEWHERE:
        return _ELSEWHERE[expression.root]
    if expression.root == "params" and steps and steps[0] not in parameters:
        return f"names no parameter; there are {', '.join(sorted(parameters)) or 'none'}"
    if expression.root == "call" and (not steps or steps[0] not in CALL_FIELDS):
        return f"must name one of {', '.join(CALL_FIELDS)}"
    if expression.root == "secrets":
        if len(steps) != 1:
            return "must be secrets and a name"
        if not _IN_REQUEST.match(place):
            return "may stand in an api_call's url, headers and body alone"
    return None
