"""A request to the API before it is sent, and whether it may be sent twice."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

_REPEATABLE_METHODS = {"GET", "PUT", "DELETE"}
"""Idempotent methods: https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2"""
_KEY = re.compile(r"[!-~]+")


@dataclass(frozen=True)
class ApiRequest:
    """What an operation sends. Parameters of the query that are None are left out."""

    method: str
    path: str
    query: Mapping[str, str | int | None] = field(default_factory=dict)
    body: Any = None
    idempotency_key: str | None = None

    @property
    def is_repeatable(self) -> bool:
        """Tell whether a repetition does nothing that the first request has done."""
        return self.method in _REPEATABLE_METHODS or self.idempotency_key is not None

    @property
    def parameters(self) -> dict[str, str | int]:
        """Return the parameters of the query that are sent."""
        return {name: value for name, value in self.query.items() if value is not None}

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers of this request alone."""
        return {"Idempotency-Key": self.idempotency_key} if self.idempotency_key else {}

    def at(self, cursor: str | None) -> ApiRequest:
        """Return the request for the page at a cursor; None is the first page."""
        return replace(self, query={**self.query, "cursor": cursor})


def sendable_key(api_key: str) -> str:
    """Return an API key as it is.

    Raises:
        ValueError: no header can carry it, for instance because it was read with the end of its line. The
            text does not show the key.
    """
    if not _KEY.fullmatch(api_key):
        raise ValueError("the API key is empty, or has characters other than printable ASCII without spaces")
    return api_key


def new_idempotency_key() -> str:
    """Make a key for one call of a method: it is the same in every attempt."""
    return str(uuid.uuid4())


def segment(value: str) -> str:
    """Quote a parameter for the path.

    Raises:
        ValueError: it is empty or a dot segment, and the path would be that of another operation.
    """
    if value in {"", ".", ".."}:
        raise ValueError(f"{value!r} cannot be part of a path")
    return quote(value, safe="")
