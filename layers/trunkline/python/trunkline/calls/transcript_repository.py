"""Repository of transcripts: one item for each batch of turns that an agent reports.

A batch is at most as large as a request (256 KB), and is stored in UTF-8 as a request may be. An item may
have 400 KB, so that no turn is ever cut and an hour's talk is some hundred items. A batch that is reported
again has the same key; where batches overlap, the turn that was stored first counts.
Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from trunkline.calls.events import Transcript, Turn
from trunkline.core.json_text import json_text
from trunkline.core.pagination import decode_cursor, encode_cursor
from trunkline.http_api.response_size import encoded_bytes
from trunkline.storage.keys.calls import transcript_key
from trunkline.storage.keys.item import TTL
from trunkline.storage.table import ABSENT, ConditionFailed, Delete, Put, Table

MAX_SHOWN_BYTES = 4 * 1024 * 1024
"""A response may have 6 MB, and the call has room beside its transcript."""

_TURN_BYTES = 200
"""A turn's other fields in a response."""


@dataclass(frozen=True)
class TranscriptRepository:
    """Stores and reads the transcripts of calls."""

    table: Table

    def append(self, call_id: str, turns: Sequence[Turn], now_ms: int, ttl_s: int | None) -> bool:
        """Store a batch; False if the same batch was stored before."""
        text = json_text([_stored(turn) for turn in turns])
        digest = hashlib.sha256(text.encode()).hexdigest()[:12]
        item: dict[str, Any] = transcript_key(call_id, turns[0].sequence, digest).as_item()
        item |= {"turns_json": text, "stored_at_ms": now_ms, "count": len(turns)}
        try:
            self.table.write(Put(item | ({TTL: ttl_s} if ttl_s else {}), ABSENT))
        except ConditionFailed:
            return False
        return True

    def read(self, call_id: str, cursor: str | None = None) -> Transcript:
        """Read a transcript, in order of the turns' sequence, as much as fits into an answer.

        Raises:
            InvalidRequest: the cursor is invalid.
        """
        after = _sequence_of(cursor) if cursor else -1
        turns = self._all(call_id)
        shown: list[Turn] = []
        shown_bytes = 0
        for turn in turns:
            if turn.sequence <= after:
                continue
            shown_bytes += encoded_bytes([turn.content, turn.agent]) + _TURN_BYTES
            if shown_bytes > MAX_SHOWN_BYTES and shown:
                return Transcript(tuple(shown), len(turns), encode_cursor(str(shown[-1].sequence)))
            shown.append(turn)
        return Transcript(tuple(shown), len(turns))

    def erase(self, call_id: str) -> None:
        """Delete a call's transcript."""
        for item in self.table.partition(transcript_key(call_id)):
            self.table.write(Delete(transcript_key(call_id, *_place(item["sk"]))))

    def _all(self, call_id: str) -> list[Turn]:
        batches = sorted(self.table.partition(transcript_key(call_id)), key=lambda item: item["stored_at_ms"])
        first: dict[int, Turn] = {}
        for batch in batches:
            for values in json.loads(batch["turns_json"]):
                turn = Turn(**values)
                first.setdefault(turn.sequence, turn)
        return [first[sequence] for sequence in sorted(first)]


def _stored(turn: Turn) -> dict[str, Any]:
    return {name: value for name, value in asdict(turn).items() if value is not None}


def _place(sort_key: str) -> tuple[int, str]:
    _, sequence, digest = sort_key.split("#")
    return int(sequence), digest


def _sequence_of(cursor: str) -> int:
    return int(decode_cursor(cursor, r"[0-9]{1,12}"))
