"""Names of the fields that a model takes, and the one that a wrong name probably means. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any, get_args, get_origin

from pydantic import AliasChoices, BaseModel

MAX_SHOWN_NAME = 64
"""A name comes from a client: only its beginning is compared and shown."""

Step = str | int


def field_names(model: type[BaseModel]) -> Iterator[str]:
    """Yield the names of a model's fields as a client may spell them."""
    for name, field in model.model_fields.items():
        alias = field.validation_alias
        if alias is None or model.model_config.get("populate_by_name"):
            yield name
        spellings = alias.choices if isinstance(alias, AliasChoices) else [alias]
        yield from (spelling for spelling in spellings if isinstance(spelling, str))


def likely_name(model: type[BaseModel], path: Sequence[Step]) -> str | None:
    """Return the name that the last step of `path` probably means, where the model has no such field.

    Case and separators do not count: `calling_window` means `callingWindow`.
    """
    by_folded = {_folded(name): name for name in _names_at(model, path[:-1])}
    matches = get_close_matches(_folded(str(path[-1])), by_folded, n=1, cutoff=0.7)
    return by_folded[matches[0]] if matches else None


def _folded(name: str) -> str:
    return "".join(letter for letter in name[:MAX_SHOWN_NAME].lower() if letter not in "_- ")


def _names_at(annotation: Any, path: Sequence[Step]) -> Iterator[str]:
    """Yield the names that are known where a path leads; a step may be the tag of a union's member."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if not path:
            yield from field_names(annotation)
        elif field := _field(annotation, str(path[0])):
            yield from _names_at(field, path[1:])
        elif _is_tag(annotation, path[0]):
            yield from _names_at(annotation, path[1:])
        return
    rest = path[1:] if get_origin(annotation) in (list, dict) else path
    for inner in get_args(annotation):
        yield from _names_at(inner, rest)


def _field(model: type[BaseModel], name: str) -> Any:
    for known, field in model.model_fields.items():
        if name in (known, field.alias):
            return field.annotation
    return None


def _is_tag(model: type[BaseModel], step: Step) -> bool:
    field = model.model_fields.get("type")
    return field is not None and step in get_args(field.annotation)
