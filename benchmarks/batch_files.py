"""Cost of broken rows in a CSV file: processor time, so that other work on the machine does not count."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from benchmarks.results import Row, p50
from trunkline.batches.models import Row as BatchRow
from trunkline.batches.models import RowFormat
from trunkline.batches.row_parser import read_rows

ROWS = 100_000
BROKEN_EVERY = 100
REPEATS = 5
MAX_RATIO = 1.1
_CHUNK_BYTES = 1024 * 1024


def broken_rows_rows() -> list[Row]:
    """Read a file in which one row of a hundred has a stray quote, and one without; in turns."""
    clean, broken = _file(), _file(BROKEN_EVERY)
    clean_s, broken_s = list[float](), list[float]()
    for _ in range(REPEATS):
        clean_s.append(_read_s(clean, refused=0))
        broken_s.append(_read_s(broken, refused=ROWS // BROKEN_EVERY))
    ratio = p50(broken_s) / p50(clean_s)
    name = f"read {ROWS} CSV rows, 1 % of them with a stray quote"
    compared = f"without: {p50(clean_s):.2f} s"
    return [Row(name, f"{p50(broken_s):.2f} s of CPU", compared, ratio, f"≤ {MAX_RATIO}", ratio <= MAX_RATIO)]


def _file(broken_every: int = 0) -> bytes:
    lines = ["id,phone,name"]
    for n in range(ROWS):
        quote = '"' if broken_every and n % broken_every == 0 else ""
        lines.append(f"r{n},+1415{2_000_000 + n},{quote}Ann")
    return "\r\n".join(lines).encode()


def _read_s(content: bytes, *, refused: int) -> float:
    started_s = time.process_time()
    rows: Sequence[BatchRow] = list(read_rows(RowFormat.CSV, _chunks(content), frozenset({"phone"})))
    took_s = time.process_time() - started_s
    assert len(rows) == ROWS
    assert sum(row.fault is not None for row in rows) == refused
    return took_s


def _chunks(content: bytes) -> Iterator[bytes]:
    for start in range(0, len(content), _CHUNK_BYTES):
        yield content[start : start + _CHUNK_BYTES]
