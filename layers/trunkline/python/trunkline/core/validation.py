"""Input models: strict types, and one error text for each field."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, TypeVar

from annotated_types import BaseMetadata, Ge, GroupedMetadata, Le
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from trunkline.core.errors import InvalidRequest
from trunkline.core.field_names import MAX_SHOWN_NAME, likely_name

UUID = r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"
E164 = r"^\+[1-9][0-9]{1,14}$"
ToolName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]


class InputModel(BaseModel):
    """Input of a client or an operator. Types are strict: "5" and true are not numbers.

    Unknown fields are refused, also in nested objects: if a misspelt `callingWindow` were ignored, the phone
    would ring at night.
    """

    model_config = ConfigDict(strict=True, frozen=True, allow_inf_nan=False, extra="forbid")
    messages: ClassVar[Mapping[str, str]] = {}


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
        InvalidRequest: names the first unknown field, else the first invalid one, as "Validation error: …".
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False)
        # An unknown name explains more than the field that is missing in its place.
        first = next(filter(_is_unknown, errors), errors[0])
        raise _invalid(model, first, values) from error


def require_known_fields(model: type[InputModel], values: Mapping[str, Any]) -> None:
    """Check the names of the fields alone, of values that may be templates.

    Raises:
        InvalidRequest: names the first unknown field.
    """
    try:
        model.model_validate(values)
    except ValidationError as error:
        for each in filter(_is_unknown, error.errors(include_url=False, include_input=False)):
            raise _invalid(model, each, values) from error


def _is_unknown(error: ErrorDetails) -> bool:
    return error["type"] == "extra_forbidden"


def _invalid(model: type[InputModel], error: ErrorDetails, values: Any) -> InvalidRequest:
    field = str(error["loc"][0])[:MAX_SHOWN_NAME] if error["loc"] else None
    return InvalidRequest(f"Validation error: {_error_text(model, error, values)}", field=field)


def _error_text(model: type[InputModel], error: ErrorDetails, values: Any) -> str:
    path = ".".join(step[:MAX_SHOWN_NAME] for step in _path(error["loc"], values))
    if _is_unknown(error):
        likely = likely_name(model, error["loc"])
        return f"unknown field {path}" + (f": did you mean {likely}?" if likely else "")
    cause = _cause(error)
    top = str(error["loc"][0]) if error["loc"] else None
    return _field_message(model, top) or (f"{path}: {cause}" if path else cause)


def _cause(error: ErrorDetails) -> str:
    """Return why a value is not valid; pydantic's text for a wrong `type` of a union contains the value."""
    if error["type"] == "union_tag_invalid":
        return f"type must be one of {error['ctx']['expected_tags']}"
    return error["msg"].removeprefix("Value error, ")


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


_UNESCAPED_OFFSET = re.compile(r".*[0-9] [0-9]{2}:?[0-9]{2}")


def validated_query(model: type[Model], values: Mapping[str, str] | None) -> Model:
    """Validate the values of a query string, which are all text.

    Raises:
        InvalidRequest: as `validated`. A time whose `+` became a space gets the reason.
    """
    values = values or {}
    try:
        return validated(model, values)
    except InvalidRequest as error:
        if not _UNESCAPED_OFFSET.fullmatch(values.get(error.field or "", "")):
            raise
        text = f"{error.message}. In a query string, the + of an offset is written %2B"
        raise InvalidRequest(text, field=error.field) from error
