"""The indexes that list calls have what the listing reads from them."""

from __future__ import annotations

from typing import Any

from tests.infrastructure.templates import resources
from tests.support.builders import make_call
from trunkline.call_control.call_query import CALL_FILTERS, INDEX_FILTERS, CallQuery
from trunkline.calls.create_items import call_writes
from trunkline.calls.value_objects import WorkflowRef
from trunkline.storage.keys.item import CALLS_INDEX, NUMBER_INDEX, USER_INDEX, USER_PK
from trunkline.storage.table import Put

INDEX_KEYS = {"user_id", "phone_number", "created_after", "created_before", "cursor", "limit"}
"""Parameters that choose the index or a range of its keys."""

WAITING = {"wait", "after"}


def test_the_indexes_project_what_the_filters_compare(template: dict[str, Any]) -> None:
    (table,) = resources(template, "AWS::DynamoDB::Table").values()
    projected = {
        index["IndexName"]: set(index["Projection"].get("NonKeyAttributes", ()))
        for index in table["GlobalSecondaryIndexes"]
    }
    assert projected[CALLS_INDEX] == projected[USER_INDEX] == set(INDEX_FILTERS.values())
    assert projected[NUMBER_INDEX] == set(INDEX_FILTERS.values()) | {USER_PK}


def test_each_parameter_of_the_list_is_a_filter_or_a_key_of_the_index() -> None:
    assert set(CallQuery.model_fields) == INDEX_KEYS | WAITING | {*INDEX_FILTERS, *CALL_FILTERS}


def test_a_call_is_stored_with_what_the_filters_compare() -> None:
    stored = call_writes(make_call(workflow=WorkflowRef("meals", 1)))[0]
    assert isinstance(stored, Put)
    assert set(INDEX_FILTERS.values()) <= set(stored.item)
