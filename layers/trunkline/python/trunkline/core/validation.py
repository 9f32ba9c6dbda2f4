"""Input models: strict types, and one error text for each field."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, TypeVar

from annotated_types import BaseMetadata, Ge, GroupedMetadata, Le
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from trunkline.core.errors import InvalidRequest

UUID = r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"
E164 = r"^\+[1-9][0-9]{1,14}$"
ToolName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]


class InputModel(BaseModel):
    """Input of a client or an operator. Types are strict: "5" and true are not numbers."""

    model_config = ConfigDict(strict=True, frozen=True, allow_inf_nan=False)
    messages: ClassVar[Mapping[str, str]] = {}


class StrictInputModel(InputModel):
    """Input that must not have unknown fields."""

    model_config = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class Bounded(GroupedMetadata):
    """Bounds of a whole number, both included; the error text of its field is made from them."""

    ge: int
    le: int

    def __iter__(self) -> Iterator[BaseMetadata]:
        yield Ge(self.ge)
        yield Le(self.le)

    def message(self, field: str) -> str:
        """Return the text that answers a value out of bounds."""
        return f"{field} must be a whole number from {self.ge} to {self.le}"


Model = TypeVar("Model", bound=InputModel)


def validated(model: type[Model], values: Mapping[str, Any]) -> Model:
    """Validate parsed values.

    Raises:
        InvalidRequest: names the first invalid field, as "Validation error: …".
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = str(first["loc"][0]) if first["loc"] else None
        path = ".".join(_path(first["loc"], values))
        cause = first["msg"].removeprefix("Value error, ")
        text = f"{path}: {cause}" if path else cause
        message = _field_message(model, field) or text
        raise InvalidRequest(f"Validation error: {message}", field=field) from error


def _field_message(model: type[InputModel], field: str | None) -> str | None:
    """Return the one text for every error of a field: its own, or that of its bounds."""
    if field is None or field in model.messages:
        return model.messages.get(field or "")
    known = model.model_fields.get(field)
    bounds = (item for item in (known.metadata if known else ()) if isinstance(item, Bounded))
    return next((bound.message(field) for bound in bounds), None)


def _path(steps: Iterable[str | int], values: Any) -> Iterator[str]:
    """Yield the path of an error as the client sees it: without the tags of pydantic's unions."""
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
    """Return the fields of a view that `model` has: what a client would send to create the same resource."""
    return {name: value for name, value in view.items() if name in model.model_fields}


def validated_query(model: type[Model], values: Mapping[str, str] | None) -> Model:
    """Validate the values of a query string, which are all text."""
    return validated(model, values or {})
