"""The suppression list: thousands of numbers in pages, and the search by a beginning."""

from __future__ import annotations

import pytest

from tests.store.fixtures_outbound import ME, OutboundHarness, suppress
from trunkline.compliance.service import SuppressionQuery
from trunkline.core.errors import InvalidRequest
from trunkline.core.validation import validated


@pytest.mark.memory_table
def test_a_list_of_thousands_is_put_in_and_read_in_pages(outbound: OutboundHarness) -> None:
    numbers = [f"+1415555{n:04d}" for n in range(1000)] + ["+141555500001"]
    suppress(outbound, *numbers[:1000])
    suppress(outbound, numbers[1000], numbers[0])
    read: list[str] = []
    cursor: str | None = None
    while True:
        page = outbound.rules().list_suppressions(ME, SuppressionQuery(limit=300, cursor=cursor))
        read += [entry["number"] for entry in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert read == sorted(numbers)


@pytest.mark.parametrize("beginning", ["+1415", "1415"])
def test_a_list_is_searched_by_the_beginning_of_its_numbers(
    outbound: OutboundHarness, beginning: str
) -> None:
    wanted = [f"+1415555{n:04d}" for n in range(5)]
    suppress(outbound, *wanted, "+14145550000", "+14165550000", "+4930901820")
    read: list[str] = []
    cursor: str | None = None
    while True:
        query = SuppressionQuery(limit=2, starts_with=beginning, cursor=cursor)
        page = outbound.rules().list_suppressions(ME, query)
        read += [entry["number"] for entry in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert read == wanted


def test_a_cursor_of_another_search_finds_nothing(outbound: OutboundHarness) -> None:
    suppress(outbound, "+14155550000", "+14155550001", "+4930901820", "+4930901821")
    cursor = outbound.rules().list_suppressions(ME, SuppressionQuery(limit=3))["next_cursor"]
    query = SuppressionQuery(starts_with="+1415", cursor=cursor)
    assert outbound.rules().list_suppressions(ME, query) == {"data": [], "next_cursor": None}


def test_a_search_for_something_else_than_a_number_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="starts_with must be the beginning of an E.164 number"):
        validated(SuppressionQuery, {"starts_with": "Ada"})
