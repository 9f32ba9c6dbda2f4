"""Reader of the CSV files that people upload: each row of the file is read or refused by itself. Pure.

Source: RFC 4180, and what spreadsheets write: other delimiters, encodings (`text_lines`) and line ends.
A quote that is not closed on its line may begin a cell of several lines, or be a stray one that would swallow
the rows behind it. It is stray unless its record has as many cells as the first one, and none of the further
lines is a row by itself: has as many cells, and one of them is a phone number. A stray quote spoils one line.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from trunkline.core.text_lines import INVISIBLE, decode_line, read_lines

MAX_ROW_BYTES = 64 * 1024
MAX_ROW_LINES = 200
MAX_LOOK_AHEAD_BYTES = 4 * 1024 * 1024
"""How much is read in vain for the ends of quotes that have none, so that the work is linear in any file."""

_DELIMITERS = (",", ";", "\t", "|")
_QUOTED = re.compile(r'"[^"]*"')
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
"""As long as numbers that people call: `+10` may stand in a cell behind an address of several lines."""

_SEPARATOR_LINE = re.compile(r'"?sep=([,;\t|])"?\s*', re.IGNORECASE)
"""Excel's first line for another delimiter than the locale's."""

EDGES = "".join(filter(str.isspace, map(chr, range(0x3001)))) + INVISIBLE
_NUMBER_CELL = re.compile(rf'(?:^|[,;\t|"])\s*{_NUMBER.pattern}\s*(?:$|[,;\t|"])')


@dataclass(frozen=True)
class CsvRow:
    """A record: the file's line on which it begins, counted from 1, its text, and its cells.

    Cells are trimmed of spaces and of characters that nobody sees.

    With a `fault`, the cells are the best guess at what was meant.
    """

    line: int
    text: str
    cells: Sequence[str]
    fault: str | None = None


def read_csv(chunks: Iterable[bytes], *, each_number_is_a_row: bool = False) -> Iterator[CsvRow]:
    """Read the records, the one that names the columns first.

    The delimiter is found in it, outside quotes, or named by a line `sep=;` before it.

    Empty lines, and rows of empty cells, are no records. With `each_number_is_a_row`, no cell goes on over a
    line that has a phone number in a cell: for lists whose rows have different numbers of cells.

    Raises:
        InvalidRequest: the file is a ZIP archive, as Excel workbooks are.
    """
    lines = _Lines(read_lines(chunks, MAX_ROW_BYTES))
    first = _first_text(lines)
    if first is None:
        return
    named = _SEPARATOR_LINE.fullmatch(first.partition("\n")[0])
    lines.skip(1 if named else 0)
    reader = _Records(lines, named[1] if named else _delimiter(first), each_number_is_a_row)
    while (row := reader.next_row()) is not None:
        if row.fault or any(row.cells):
            yield row


@dataclass(frozen=True)
class _Line:
    text: str
    fault: str | None = None


@dataclass
class _Lines:
    """Lines, and those of them that were looked at ahead; `taken` counts the ones before."""

    source: Iterator[bytes]
    taken: int = 0
    _ahead: deque[_Line] = field(default_factory=deque)

    def take(self) -> _Line | None:
        """Take the next line."""
        line = self._ahead.popleft() if self._ahead else self._pull()
        self.taken += line is not None
        return line

    def skip(self, count: int) -> None:
        """Take lines that were looked at."""
        for _ in range(count):
            self.take()

    def ahead(self, limit: int) -> Iterator[_Line]:
        """Look at the next lines."""
        yield from tuple(self._ahead)
        while len(self._ahead) < limit and (line := self._pull()):
            self._ahead.append(line)
            yield line

    def _pull(self) -> _Line | None:
        raw = next(self.source, None)
        if raw is None:
            return None
        if len(raw) > MAX_ROW_BYTES:
            return _Line(raw[:MAX_ROW_BYTES].decode(errors="replace"), f"larger than {MAX_ROW_BYTES} bytes")
        text = decode_line(raw)
        if text is None:
            return _Line(raw.decode("cp1252", "replace"), "a character is in no known encoding")
        return _Line(text)


def _first_text(lines: _Lines) -> str | None:
    """The text of the first record; its quoted names may have several lines, which have no phone numbers."""
    while (first := next(lines.ahead(1), None)) is not None and not first.text.strip():
        lines.take()
    if first is None:
        return None
    text = ""
    for line in lines.ahead(MAX_ROW_LINES):
        if text and (text.count('"') % 2 == 0 or _NUMBER_CELL.search(line.text)):
            break
        text += line.text
    return text


def _delimiter(text: str) -> str:
    return max(_DELIMITERS, key=_QUOTED.sub("", text).count)


@dataclass
class _Records:
    lines: _Lines
    delimiter: str
    each_number_is_a_row: bool
    width: int | None = None
    """How many cells the first record has that is valid."""

    _look_ahead_bytes: int = MAX_LOOK_AHEAD_BYTES

    def next_row(self) -> CsvRow | None:
        """Take the next record; None at the end."""
        first = self.lines.take()
        if first is None:
            return None
        row = self._row(self.lines.taken, first)
        if self.width is None and any(row.cells) and not row.fault:
            self.width = len(row.cells)
        return row

    def _row(self, number: int, first: _Line) -> CsvRow:
        if first.fault:
            return CsvRow(number, first.text, self._split(first.text), first.fault)
        if '"' not in first.text:
            return CsvRow(number, first.text, self._split(first.text))
        taken: list[str] = []
        try:
            cells = next(csv.reader(self._record_lines(first, taken), delimiter=self.delimiter, strict=True))
        except csv.Error as error:
            return self._stray(number, first, taken, str(error))
        if taken and self.width is not None and len(cells) != self.width:
            return self._stray(number, first, taken, "a quote is not closed")
        self.lines.skip(len(taken))
        return CsvRow(number, first.text, [cell.strip(EDGES) for cell in cells])

    def _record_lines(self, first: _Line, taken: list[str]) -> Iterator[str]:
        """The lines that may belong to a record, as the parser asks for them."""
        yield first.text
        size = len(first.text)
        if self._look_ahead_bytes <= 0:
            return
        for line in self.lines.ahead(MAX_ROW_LINES):
            size += len(line.text)
            if line.fault or size > MAX_ROW_BYTES or self._is_row(line.text):
                return
            taken.append(line.text)
            yield line.text

    def _is_row(self, text: str) -> bool:
        """Tell whether a line is a row by itself, which a quote before it must not swallow."""
        if "+" not in text:
            return False
        if self.width is None or self.each_number_is_a_row:
            return _NUMBER_CELL.search(text) is not None
        cells = self._split(text)
        return len(cells) == self.width and any(_NUMBER.fullmatch(cell.strip('" ')) for cell in cells)

    def _stray(self, number: int, first: _Line, taken: Sequence[str], error: str) -> CsvRow:
        self._look_ahead_bytes -= sum(map(len, taken))
        return CsvRow(number, first.text, self._guess(first.text), f"not valid CSV: {error}")

    def _guess(self, text: str) -> list[str]:
        """Read a line whose quotes are not as they should be, as spreadsheets do."""
        return [cell.strip(EDGES) for cell in next(csv.reader([text], delimiter=self.delimiter))]

    def _split(self, text: str) -> list[str]:
        return [cell.strip(EDGES) for cell in text.split(self.delimiter)]
