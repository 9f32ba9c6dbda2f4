"""Parameters of a tool: their JSON Schema, and validation of a model's arguments. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from pydantic_core import SchemaValidator, ValidationError, core_schema

from trunkline.core.validation import InputModel
from trunkline.templating.size_limits import SizeBudget
from trunkline.templating.templates import Scope, TemplateError, expressions_in

MAX_DEPTH = 3
MAX_PARAMETERS = 50
_MAX_ERRORS = 5
_MAX_DEFAULTS_BYTES = 256 * 1024
"""Defaults of which each repeats another twice would double forty times, and never be written."""
Scalar = Literal["string", "integer", "number", "boolean"]
ParameterName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]
_ENUMERABLE: dict[str, Any] = {"string": str, "integer": int, "number": (int, float)}


class InvalidParams(Exception):
    """Arguments are not valid; `errors` are texts that a model can act on, and contain no values."""

    def __init__(self, errors: Sequence[str]) -> None:
        super().__init__("; ".join(errors))
        self.errors = tuple(errors)


class Parameter(InputModel):
    """One parameter.

    `items` is the type of an array's entries, `properties` are an object's fields. `default` may be a
    template.
    """

    name: ParameterName
    type: Literal["string", "integer", "number", "boolean", "array", "object"]
    description: Annotated[str, Field(max_length=1000)] = ""
    required: bool = False
    enum: Annotated[list[Any] | None, Field(min_length=1, max_length=100)] = None
    items: Scalar | None = None
    properties: Annotated[list[Parameter] | None, Field(max_length=MAX_PARAMETERS)] = None
    default: Any = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Parameter:
        if self.enum is not None:
            kind = _ENUMERABLE.get(self.type)
            if kind is None or not all(
                isinstance(value, kind) and not isinstance(value, bool) for value in self.enum
            ):
                raise ValueError("enum must be values of a string, integer or number parameter")
        if self.items and self.type != "array":
            raise ValueError("items is only allowed for an array")
        if self.properties is not None and self.type != "object":
            raise ValueError("properties is only allowed for an object")
        if self.required and self.default is not None:
            raise ValueError("a required parameter must not have a default")
        if self.properties and len({field.name for field in self.properties}) < len(self.properties):
            raise ValueError("two properties have the same name")
        return self

    @property
    def depth(self) -> int:
        """Return the levels of nested properties, counting from 1."""
        return 1 + max((field.depth for field in self.properties or ()), default=0)


def json_schema(parameters: Sequence[Parameter]) -> dict[str, Any]:
    """Return the parameters as the JSON Schema of a function definition."""
    return {
        "type": "object",
        "properties": {parameter.name: _schema(parameter) for parameter in parameters},
        "required": [parameter.name for parameter in parameters if parameter.required],
        "additionalProperties": False,
    }


def validated_params(parameters: Sequence[Parameter], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Validate the arguments of a model; types are strict, so "5" is not a number.

    Raises:
        InvalidParams: lists up to five errors.
    """
    try:
        values: dict[str, Any] = SchemaValidator(_fields(parameters)).validate_python(dict(arguments))
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False, include_context=False)
        raise InvalidParams([_error_text(detail) for detail in errors[:_MAX_ERRORS]]) from error
    return values


def with_defaults(parameters: Sequence[Parameter], values: Mapping[str, Any], scope: Scope) -> dict[str, Any]:
    """Add the defaults of parameters without a value; a default may refer to other parameters.

    Raises:
        TemplateError: a default refers to an unknown value, or the defaults would be too large.
        InvalidParams: a default does not have its parameter's type.
    """
    complete, budget = dict(values), SizeBudget(_MAX_DEFAULTS_BYTES, "the default values of parameters")
    by_name = {parameter.name: parameter for parameter in parameters}
    for name in default_order(parameters):
        if name not in complete and by_name[name].default is not None:
            complete[name] = budget.render(by_name[name].default, {**scope, "params": complete})
    return validated_params(parameters, complete)


def default_order(parameters: Sequence[Parameter]) -> list[str]:
    """Return the parameters' names, each after those that its default refers to.

    Raises:
        TemplateError: defaults form a cycle, or one is not a valid template; begins with its path.
    """
    indexes = {parameter.name: index for index, parameter in enumerate(parameters)}
    needs = {parameter.name: set(_referenced(parameter, indexes[parameter.name])) for parameter in parameters}
    ordered: list[str] = []
    visiting: list[str] = []

    def visit(name: str) -> None:
        if name in ordered or name not in needs:
            return
        if name in visiting:
            cycle = " → ".join([*visiting[visiting.index(name) :], name])
            raise TemplateError(f"parameters.{indexes[name]}.default: defaults form a cycle ({cycle})")
        visiting.append(name)
        for needed in sorted(needs[name]):
            visit(needed)
        visiting.pop()
        ordered.append(name)

    for name in needs:
        visit(name)
    return ordered


def _referenced(parameter: Parameter, index: int) -> Iterator[str]:
    for _, expression in expressions_in(parameter.default, f"parameters.{index}.default"):
        if expression.root == "params" and len(expression.path) > 1:
            yield expression.path[1]


def _schema(parameter: Parameter) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": parameter.type}
    if parameter.description:
        schema["description"] = parameter.description
    if parameter.enum is not None:
        schema["enum"] = list(parameter.enum)
    if parameter.type == "array":
        schema["items"] = {"type": parameter.items} if parameter.items else {}
    if parameter.properties is not None:
        schema |= json_schema(parameter.properties)
    return schema


def _fields(parameters: Sequence[Parameter]) -> core_schema.CoreSchema:
    fields = {
        parameter.name: core_schema.typed_dict_field(_core(parameter), required=parameter.required)
        for parameter in parameters
    }
    return core_schema.typed_dict_schema(fields, extra_behavior="forbid")


def _without_fraction(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _unconverted(value: Any, validate: Callable[[Any], float]) -> Any:
    validate(value)
    return value


def _enumerated(values: Sequence[Any]) -> core_schema.CoreSchema:
    def member(value: Any) -> Any:
        if isinstance(value, bool):
            return None  # Python's True equals 1
        return next((each for each in values if each == value), value)

    return core_schema.no_info_before_validator_function(member, core_schema.literal_schema(list(values)))


# As in JSON Schema, 5.0 is an integer and the enum's 5, and a number keeps its digits: as a double,
# 9007199254740993 would be sent as …992.
# Source: https://json-schema.org/draft/2020-12/json-schema-core, 4.2.1 and 4.2.2
_SCALARS: dict[str, core_schema.CoreSchema] = {
    "string": core_schema.str_schema(strict=True),
    "integer": core_schema.no_info_before_validator_function(
        _without_fraction, core_schema.int_schema(strict=True)
    ),
    "number": core_schema.no_info_wrap_validator_function(
        _unconverted, core_schema.float_schema(strict=True, allow_inf_nan=False)
    ),
    "boolean": core_schema.bool_schema(strict=True),
}


def _core(parameter: Parameter) -> core_schema.CoreSchema:
    if parameter.enum is not None:
        return _enumerated(parameter.enum)
    if parameter.type == "array":
        items = _SCALARS[parameter.items] if parameter.items else core_schema.any_schema()
        return core_schema.list_schema(items, strict=True)
    if parameter.type == "object":
        if parameter.properties is None:
            return core_schema.dict_schema(core_schema.str_schema(), strict=True)
        return _fields(parameter.properties)
    return _SCALARS[parameter.type]


def _error_text(error: Mapping[str, Any]) -> str:
    path = ".".join(str(step) for step in error["loc"])
    texts = {"missing": "is missing", "extra_forbidden": "there is no such parameter"}
    text = texts.get(error["type"], str(error["msg"]))
    return f"{path}: {text}" if path else text
