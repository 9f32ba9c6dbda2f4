"""Schemas of tools: what a client sends and receives, and validation of templates."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Annotated, Any, ClassVar

from pydantic import Field, field_validator, model_validator
from typing_extensions import TypedDict

from trunkline.core.errors import InvalidRequest
from trunkline.core.timestamps import iso_from_ms
from trunkline.core.validation import InputModel, ToolName
from trunkline.templating.escaping import require_fixed_host, require_writable
from trunkline.templating.templates import Expression, Template, TemplateError, expressions_in, parse
from trunkline.tools.actions import Action, ApiCall, EndCall, SetState
from trunkline.tools.models import Tool
from trunkline.tools.parameters import MAX_DEPTH, MAX_PARAMETERS, Parameter, default_order

MAX_CONFIG_BYTES = 64 * 1024
MAX_ACTIONS = 8
CALL_FIELDS = ("id", "channel", "user_id", "phone_number", "caller_id", "workflow_slug", "metadata")
"""The fields of `{{call.…}}`."""

_OTHER_SCOPES = {
    "event": "is only for triggers",
    "schedule": "is only for schedules",
    "row": "is only for batches",
}
_IN_REQUEST = re.compile(r"actions\.[0-9]+\.(url|headers|body)(\.|$)")


class ToolConfig(InputModel):
    """A tool's parameters, and its actions in order; the first failure stops it."""

    parameters: Annotated[list[Parameter], Field(max_length=MAX_PARAMETERS)] = []
    actions: Annotated[list[Action], Field(min_length=1, max_length=MAX_ACTIONS)]

    @field_validator("parameters")
    @classmethod
    def _are_unique(cls, value: list[Parameter]) -> list[Parameter]:
        if len({parameter.name for parameter in value}) < len(value):
            raise ValueError("two parameters have the same name")
        if any(parameter.depth > MAX_DEPTH for parameter in value):
            raise ValueError(f"properties may be nested at most {MAX_DEPTH} levels deep")
        return value

    @field_validator("actions")
    @classmethod
    def _ends_at_the_end(cls, value: list[Action]) -> list[Action]:
        if any(isinstance(action, EndCall) for action in value[:-1]):
            raise ValueError("end_call must be the last action")
        return value

    @property
    def requests(self) -> Iterator[tuple[int, ApiCall]]:
        """Return the actions that send requests, with their indexes."""
        return ((index, action) for index, action in enumerate(self.actions) if isinstance(action, ApiCall))

    @property
    def appends(self) -> bool:
        """Tell whether the tool appends to lists of the workflow's state."""
        return any(isinstance(action, SetState) and action.append for action in self.actions)

    def expressions(self) -> Iterator[tuple[str, Expression]]:
        """Yield the expressions of every template, each with its path.

        Raises:
            TemplateError: a text is not a valid template; begins with its path.
        """
        for number, parameter in enumerate(self.parameters):
            yield from expressions_in(parameter.default, f"parameters.{number}.default")
        for number, action in enumerate(self.actions):
            values = action.model_dump(exclude={"type", "expect", "save", "result"})
            yield from expressions_in(values, f"actions.{number}")


class ToolSpec(InputModel):
    """A tool; a model chooses it by its name and description.

    If `record_bodies` is true, parameters and results are shown with the call, without secrets.
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
            raise ValueError(f"config must not be larger than {MAX_CONFIG_BYTES} bytes")
        return self

    def tool(self, tenant_id: str, now_ms: int, before: Tool | None) -> Tool:
        """Build the version that follows `before`, or the first version."""
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
    """A tool; each change creates a new version, and calls keep the version that they were accepted with."""

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
    """Return a tool as the client wrote it."""
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
    """Return the config of a stored tool."""
    return ToolConfig.model_validate_json(tool.config_json)


def require_valid_templates(config: ToolConfig) -> frozenset[str]:
    """Require templates that can be rendered; return the names of the secrets that they use.

    Raises:
        InvalidRequest: a template is not valid; contains the reason and its path.
    """
    parameters = {parameter.name for parameter in config.parameters}
    secrets: set[str] = set()
    try:
        default_order(config.parameters)
        for path, expression in config.expressions():
            _require_known(path, expression, parameters)
            if expression.root == "secrets":
                secrets.add(expression.path[1])
        for number, action in config.requests:
            _at(f"actions.{number}.url", require_fixed_host, action.url)
            for name, text in action.headers.items():
                _at(f"actions.{number}.headers.{name}", require_writable, text)
    except TemplateError as error:
        raise InvalidRequest(f"Validation error: config.{error.message}", field="config") from error
    return frozenset(secrets)


def _at(path: str, require: Callable[[Template], None], text: str) -> None:
    try:
        require(parse(text))
    except TemplateError as error:
        raise TemplateError(f"{path}: {error.message}") from error


def _require_known(path: str, expression: Expression, parameters: set[str]) -> None:
    if problem := _problem(path, expression, parameters):
        raise TemplateError(f"{path}: {expression.text} {problem}")


def _problem(path: str, expression: Expression, parameters: set[str]) -> str | None:
    """Return why an expression can never be rendered, or None."""
    steps = expression.path[1:]
    if expression.root in _OTHER_SCOPES:
        return _OTHER_SCOPES[expression.root]
    if expression.root == "params" and steps and steps[0] not in parameters:
        return f"is not a parameter; the parameters are {', '.join(sorted(parameters)) or 'none'}"
    if expression.root == "call" and (not steps or steps[0] not in CALL_FIELDS):
        return f"must name one of {', '.join(CALL_FIELDS)}"
    if expression.root == "secrets":
        if len(steps) != 1:
            return "must be `secrets.` and a name"
        if not _IN_REQUEST.match(path):
            return "is only allowed in the url, headers and body of an api_call"
    return None
