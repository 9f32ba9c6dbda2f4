"""Answers that many routes give."""

from __future__ import annotations

from typing_extensions import TypedDict


class Deleted(TypedDict):
    """The thing is gone."""

    id: str
    deleted: bool


def deleted(what: str) -> Deleted:
    """Say that the thing of that id or slug is gone."""
    return {"id": what, "deleted": True}
