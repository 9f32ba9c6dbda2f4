"""Input models: strict types, and one text for each field that any fault of it is answered with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from trunkline.core.errors import InvalidRequest

UUID = r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"
E164 = r"^\+[1-9][0-9]{1,14}$"
ToolName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]


class InputModel(BaseModel):
    """What a client or an operator gives. Types are strict ("5" and true are no numbers)."""

    model_config = ConfigDict(strict=True, frozen=True, allow_inf_nan=False)
    messages: ClassVar[Mapping[str, str]] = {}


class StrictInputModel(InputModel):
    """Input whose unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


Model = TypeVar("Model", bound=InputModel)


def validated(model: type[Model], values: Mapping[str, Any]) -> Model:
    """Validate parsed values.

    Raises:
        InvalidRequest: names the first faulty field, in the outbound document's form "Validation error: …".
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        field = str(fault["loc"][0]) if fault["loc"] else None
        path = ".".join(_path(fault["loc"], values))
        said = fault["msg"].removeprefix("Value error, ")
        text = f"{path}: {said}" if path else said
        raise InvalidRequest(
            f"Validation error: {model.messages.get(field or '', text)}", field=field
        ) from error


def _path(steps: Iterable[str | int], values: Any) -> Iterator[str]:
    """Where a fault is, as its writer sees it: without the words by which pydantic tells kinds apart."""
    for step in steps:
        if isinstance(values, Mapping) and step == values.get("type"):
            continue
        yield str(step)
        if isinstance(values, Mapping):
            values = values.get(step)
        elif isinstance(values, list) and isinstance(step, int) and step < len(values):
            values = values[step]
        else:
            values = None


def spec_values(model: type[InputModel], view: Mapping[str, Any]) -> dict[str, Any]:
    """What a client would send to make a thing as it is shown: those of its fields that `model` has."""
    return {name: value for name, value in view.items() if name in model.model_fields}


def validated_query(model: type[Model], values: Mapping[str, str] | None) -> Model:
    """Validate a query string's values; every value is a text, so numbers may be written as one."""
    return validated(model, values or {})
