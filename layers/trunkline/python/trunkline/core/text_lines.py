"""Lines of a text file from outside, in the encodings and with the line ends that programs write. Pure.

Encodings: UTF-8 and UTF-16, with or without a byte order mark, and Windows-1252 for a line that is not UTF-8.
Lines end with LF, CRLF or CR.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from itertools import chain

from trunkline.core.errors import InvalidRequest

INVISIBLE = "\u00ad\u061c\u180e\ufeff" + "".join(
    map(chr, (*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070)))
)
"""Marks of direction, zero-width spaces and the like, which a copied phone number brings along."""

_HEAD_BYTES = 4
_ZIP = b"PK\x03\x04"
_UTF_16 = (
    ("utf-16-le", re.compile(rb"\xff\xfe|[^\0]\0[^\0]\0")),
    ("utf-16-be", re.compile(rb"\xfe\xff|\0[^\0]\0[^\0]")),
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_UNREADABLE = b"\x81"
"""A byte that is no character in UTF-8 by itself, and none in Windows-1252."""


def read_lines(chunks: Iterable[bytes], limit: int) -> Iterator[bytes]:
    """Yield the lines with their ends, without a byte order mark; UTF-16 becomes UTF-8.

    Of a line of more than `limit` bytes at least the first `limit` + 1 are yielded.

    Raises:
        InvalidRequest: the file is a ZIP archive, as Excel workbooks are.
    """
    rest = b""
    for chunk in _without_mark(chunks):
        lines = (rest + chunk).splitlines(keepends=True)
        # The last line may go on in the next chunk, and an LF after a CR belongs to it.
        rest = lines.pop() if lines and not lines[-1].endswith(b"\n") else b""
        yield from lines
        if len(rest) > limit and not rest.endswith(b"\r"):
            rest = rest[: limit + 1]
    if rest:
        yield rest


def decode_line(line: bytes) -> str | None:
    """Decode a line as UTF-8, or else as Windows-1252; return None if it has a byte that neither knows."""
    for encoding in ("utf-8", "cp1252"):
        try:
            return line.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _without_mark(chunks: Iterable[bytes]) -> Iterator[bytes]:
    remaining, head = iter(chunks), b""
    for chunk in remaining:
        head += chunk
        if len(head) >= _HEAD_BYTES:
            break
    if head.startswith(_ZIP):
        raise InvalidRequest("the file is an Excel workbook or another ZIP archive: save it as CSV")
    for encoding, mark in _UTF_16:
        if mark.match(head):
            return _as_utf_8(chain([head], remaining), encoding)
    return chain([head.removeprefix(codecs.BOM_UTF8)], remaining)


def _as_utf_8(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Convert from UTF-16; what is no character there stays none, so that its line can be refused."""
    decoder, first = codecs.getincrementaldecoder(encoding)("surrogatepass"), True
    for chunk in chunks:
        text = decoder.decode(chunk)
        if first and text:
            text, first = text.removeprefix("\ufeff"), False
        yield _UNREADABLE.join(part.encode() for part in _SURROGATE.split(text))
    if decoder.getstate()[0]:
        yield _UNREADABLE
