"""Batches and lists stay within AWS's limits of bytes, also where calls have the most metadata they may.

Sources: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html (4 MB and
100 actions), https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html (a response of 6 MB).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.store.fixtures_batches import BatchHarness
from tests.store.fixtures_outbound import OutboundHarness
from tests.support.builders import make_call
from trunkline.auth.principal import Actor, Principal
from trunkline.batches.importer import GROUP_ROWS
from trunkline.batches.row_to_call import PreparedRow
from trunkline.call_control.call_query import CallQuery
from trunkline.core.metadata import MAX_METADATA_BYTES
from trunkline.core.validation import validated
from trunkline.http_api.responses import Response
from trunkline.storage.item_size import MAX_ITEM_BYTES, value_bytes
from trunkline.storage.keys.calls import encrypted_data_key
from trunkline.storage.table import Check, Put, Table, Write
from trunkline.storage.writes import TransactionWrites, named_writes

MEGABYTE = 1024 * 1024
ME = Principal("tenant-1", True, frozenset(), actor=Actor("key", "k", "k", "", "r"))
USER_CONTEXT_BYTES = 66 * 1024


def worst_metadata(scale: int) -> str:
    """Fill the metadata limit with what is escaped most: quotes."""
    limit = MAX_METADATA_BYTES * scale
    return json.dumps({"quotes": '"' * ((limit - 20) // 2)})


@pytest.mark.memory_table
@pytest.mark.parametrize("scale", [1, 2, 4])
def test_a_group_of_rows_fits_into_one_transaction(
    batches: BatchHarness, monkeypatch: pytest.MonkeyPatch, scale: int
) -> None:
    shown = batches.make(text="phone,id\n" + "".join(f"+1555020{n:04d},r{n}\n" for n in range(60)))
    batch, transactions = batches.stored(shown["id"]), list[Sequence[Write | Check]]()
    assert batch.job is not None
    batches.worker.begin(batch.id, batch.job)
    convert_rows, metadata = batches.importer.row_converter, worst_metadata(scale)

    class Large:
        def __init__(self, converter: Any) -> None:
            self.converter = converter

        def convert(self, row: Any) -> PreparedRow:
            prepared: PreparedRow = self.converter.convert(row)
            assert prepared.call is not None
            key = encrypted_data_key(prepared.call.id, "USER_CONTEXT").as_item()
            context = Put(key | {"ciphertext": b"x" * USER_CONTEXT_BYTES})
            call = replace(prepared.call, metadata_json=metadata)
            return replace(prepared, call=call, extra_writes=[context])

        inspect = convert

    def transact(self: Table, writes: TransactionWrites, *args: Any) -> None:
        transactions.append([write for _, write in named_writes(writes)])
        original(self, writes, *args)

    original = type(batches.table).transact
    monkeypatch.setattr(type(batches.table), "transact", transact)
    importer = replace(batches.importer, row_converter=lambda of: Large(convert_rows(of)))
    importer.import_part(batches.stored(batch.id), 1, check=False)
    (part,) = batches.worker.batches.parts(batch.id)
    assert (part.accepted, part.next_row) == (60, 61)
    for transaction in transactions:
        items = [write.item for write in transaction if isinstance(write, Put)]
        assert len(transaction) <= 100
        assert max(map(value_bytes, items)) <= MAX_ITEM_BYTES
        assert sum(map(value_bytes, items)) <= 4 * MEGABYTE
    assert len(transactions) >= 60 // GROUP_ROWS


@pytest.mark.memory_table
@pytest.mark.parametrize("scale", [1, 2, 4])
def test_a_page_of_calls_fits_into_a_response_and_its_cursor_loses_none(
    outbound: OutboundHarness, scale: int
) -> None:
    metadata = worst_metadata(scale)
    for number in range(1, 101):
        outbound.calls.create(make_call(number, metadata_json=metadata))
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        query = {"limit": "100"} | ({"cursor": cursor} if cursor else {})
        page = outbound.reader.list_calls(ME, validated(CallQuery, query))
        assert len(json.dumps(Response(200, page).to_payload())) < 6 * MEGABYTE
        assert page["data"]
        found += [call["call_id"] for call in page["data"]]
        cursor = page["next_cursor"]
    assert found == [make_call(number).id for number in range(100, 0, -1)]
