"""Query parameters that several routes share."""

from __future__ import annotations

from pydantic import AliasChoices, ConfigDict, Field

from trunkline.core.validation import InputModel


class CursorQuery(InputModel):
    """Query parameters of a list that has only a cursor."""

    cursor: str | None = Field(default=None, description="The `next_cursor` of the previous page.")


class DispatchQuery(InputModel):
    """Query parameters of a call's dispatches."""

    model_config = ConfigDict(populate_by_name=True)

    dispatch_id: str | None = Field(
        default=None,
        max_length=100,
        validation_alias=AliasChoices("dispatch_id", "dispatchId"),
        description="Only the dispatch of this id.",
    )
