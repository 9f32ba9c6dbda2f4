"""A tool's parameters: what a model is told of them, and the check of what it gives. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from pydantic_core import SchemaValidator, ValidationError, core_schema

from trunkline.core.validation import StrictInputModel
from trunkline.templating.templates import Scope, TemplateError, expressions_in, render_json

MAX_DEPTH = 3
MAX_PARAMETERS = 50
_MAX_FAULTS = 5
Scalar = Literal["string", "integer", "number", "boolean"]
ParameterName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]
_ENUMERABLE: dict[str, Any] = {"string": str, "integer": int, "number": (int, float)}


class InvalidParams(Exception):
    """What was given does not fit; `faults` are texts that a model can act on, never values."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = tuple(faults)


class Parameter(StrictInputModel):
    """One parameter. `items` is the type of a list's entries, `properties` are an object's fields; `default`
    may be a template."""

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
                isinstance(each, kind) and not isinstance(each, bool) for each in self.enum
            ):
                raise ValueError("enum must be values of a string, integer or number parameter")
        if self.items and self.type != "array":
            raise ValueError("items are for an array")
        if self.properties is not None and self.type != "object":
            raise ValueError("properties are for an object")
        if self.required and self.default is not None:
            raise ValueError("a required parameter has no default")
        if self.properties and len({each.name for each in self.properties}) < len(self.properties):
            raise ValueError("two properties have the same name")
        return self

    @property
    def depth(self) -> int:
        return 1 + max((each.depth for each in self.properties or ()), default=0)


def json_schema(parameters: Sequence[Parameter]) -> dict[str, Any]:
    """The parameters as JSON Schema, as a model's function definitions have them."""
    return {
        "type": "object",
        "properties": {each.name: _schema(each) for each in parameters},
        "required": [each.name for each in parameters if each.required],
        "additionalProperties": False,
    }


def checked(parameters: Sequence[Parameter], given: Mapping[str, Any]) -> dict[str, Any]:
    """What a model gave, if it fits; types are strict ("5" is no number).

    Raises:
        InvalidParams: says everything that is wrong, up to five faults.
    """
    try:
        values: dict[str, Any] = SchemaValidator(_fields(parameters)).validate_python(dict(given))
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        raise InvalidParams([_fault(each) for each in faults[:_MAX_FAULTS]]) from error
    return values


def with_defaults(parameters: Sequence[Parameter], values: Mapping[str, Any], scope: Scope) -> dict[str, Any]:
    """The values with the defaults of those that were not given; a default may name other parameters.

    Raises:
        TemplateError: a default names what is not known.
        InvalidParams: a default is not of its parameter's type.
    """
    whole = dict(values)
    known = {each.name: each for each in parameters}
    for name in default_order(parameters):
        if name not in whole and known[name].default is not None:
            whole[name] = render_json(known[name].default, {**scope, "params": whole})
    return checked(parameters, whole)


def default_order(parameters: Sequence[Parameter]) -> list[str]:
    """The parameters' names, each after those that its default names.

    Raises:
        TemplateError: defaults go in a circle, or one is no template; begins with where it stands.
    """
    places = {each.name: number for number, each in enumerate(parameters)}
    needs = {each.name: set(_named(each, places[each.name])) for each in parameters}
    ordered: list[str] = []
    walked: list[str] = []

    def visit(name: str) -> None:
        if name in ordered or name not in needs:
            return
        if name in walked:
            circle = " → ".join([*walked[walked.index(name) :], name])
            raise TemplateError(f"parameters.{places[name]}.default: defaults go in a circle ({circle})")
        walked.append(name)
        for each in sorted(needs[name]):
            visit(each)
        walked.pop()
        ordered.append(name)

    for name in needs:
        visit(name)
    return ordered


def _named(parameter: Parameter, place: int) -> Iterator[str]:
    for _, expression in expressions_in(parameter.default, f"parameters.{place}.default"):
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
        each.name: core_schema.typed_dict_field(_core(each), required=each.required) for each in parameters
    }
    return core_schema.typed_dict_schema(fields, extra_behavior="forbid")


_SCALARS: dict[str, core_schema.CoreSchema] = {
    "string": core_schema.str_schema(strict=True),
    "integer": core_schema.int_schema(strict=True),
    "number": core_schema.float_schema(strict=True, allow_inf_nan=False),
    "boolean": core_schema.bool_schema(strict=True),
}


def _core(parameter: Parameter) -> core_schema.CoreSchema:
    if parameter.enum is not None:
        return core_schema.literal_schema(list(parameter.enum))
    if parameter.type == "array":
        items = _SCALARS[parameter.items] if parameter.items else core_schema.any_schema()
        return core_schema.list_schema(items, strict=True)
    if parameter.type == "object":
        if parameter.properties is None:
            return core_schema.dict_schema(core_schema.str_schema(), strict=True)
        return _fields(parameter.properties)
    return _SCALARS[parameter.type]


def _fault(fault: Mapping[str, Any]) -> str:
    place = ".".join(str(step) for step in fault["loc"])
    told = {"missing": "is missing", "extra_forbidden": "there is no such parameter"}
    text = told.get(fault["type"], str(fault["msg"]))
    return f"{place}: {text}" if place else text
