"""The fields that this version knows of a stored value: a newer version may have written more. Pure.

While a deployment shifts traffic, both versions read what the other wrote (`docs/upgrade.md`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def known_fields(kind: type[DataclassInstance], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of the fields that a dataclass has; others are left out."""
    return {field.name: values[field.name] for field in fields(kind) if field.name in values}
