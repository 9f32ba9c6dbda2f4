"""Repository of transcripts: one item for each batch of turns that an agent reports.

A batch is at most as large as a request (256 KB), and is stored in UTF-8 as a request may be. An item may
have 400 KB, so that no turn is ever cut and an hour's talk is some hundred items. A batch that is reported
again has the same key. Several agents may report, each with numbers of its own: see `turn_order.py`.
Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from trunkline.calls.events import REPORTER, Transcript, Turn
from trunkline.calls.turn_order import StoredTurn, in_order
from trunkline.core.json_text import json_text
from trunkline.core.pagination import decode_cursor, encode_cursor
from trunkline.core.stored_fields import known_fields
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

    def append(
        self, call_id: str, turns: Sequence[Turn], now_ms: int, ttl_s: int | None, speaker: str | None = None
    ) -> bool:
        """Store a batch; False if the same batch was stored before.

        `speaker` is the agent of an assistant's turns that name none. It is not part of what is repeated.
        """
        text = json_text([_stored(turn) for turn in turns])
        digest = hashlib.sha256(text.encode()).hexdigest()[:12]
        item: dict[str, Any] = transcript_key(call_id, turns[0].sequence, digest).as_item()
        item |= {"turns_json": text, "stored_at_ms": now_ms, "count": len(turns)}
        item |= {"speaker": speaker} if speaker else {}
        try:
            self.table.write(Put(item | ({TTL: ttl_s} if ttl_s else {}), ABSENT))
        except ConditionFailed:
            return False
        return True

    def read(self, call_id: str, cursor: str | None = None) -> Transcript:
        """Read a transcript in order, as much as fits into an answer.

        Raises:
            InvalidRequest: the cursor is invalid.
        """
        turns = self._all(call_id)
        begin = _position_of(cursor, turns) if cursor else 0
        shown: list[Turn] = []
        shown_bytes = 0
        for turn in turns[begin:]:
            shown_bytes += encoded_bytes([turn.content, turn.agent]) + _TURN_BYTES
            if shown_bytes > MAX_SHOWN_BYTES and shown:
                return Transcript(tuple(shown), len(turns), encode_cursor(_mark(shown[-1])))
            shown.append(turn)
        return Transcript(tuple(shown), len(turns))

    def erase(self, call_id: str) -> None:
        """Delete a call's transcript."""
        for item in self.table.partition(transcript_key(call_id)):
            self.table.write(Delete(transcript_key(call_id, *_place(item["sk"]))))

    def next_sequence(self, call_id: str, claim: int, reporter: str) -> int:
        """Return the number after the last turn of a reporter; 1 if it has none."""
        own = [turn for turn in self._all(call_id) if (turn.claim, turn.reporter) == (claim, reporter)]
        return max((turn.sequence for turn in own), default=0) + 1

    def _all(self, call_id: str) -> list[Turn]:
        return in_order(
            StoredTurn(_turn(values, batch.get("speaker")), batch["stored_at_ms"])
            for batch in self.table.partition(transcript_key(call_id))
            for values in json.loads(batch["turns_json"])
        )


def _stored(turn: Turn) -> dict[str, Any]:
    return {name: value for name, value in asdict(turn).items() if value is not None}


def _turn(values: dict[str, Any], speaker: str | None) -> Turn:
    turn = Turn(**known_fields(Turn, values))
    return replace(turn, agent=turn.agent or speaker) if turn.role == "assistant" else turn


def _place(sort_key: str) -> tuple[int, str]:
    _, sequence, digest = sort_key.split("#")
    return int(sequence), digest


def _mark(turn: Turn) -> str:
    return f"{turn.claim}:{turn.sequence}:{turn.at_ms or 0}:{turn.reporter}"


def _position_of(cursor: str, turns: Sequence[Turn]) -> int:
    """Return the position after the turn that a cursor marks; the end if it was erased."""
    mark = decode_cursor(cursor, rf"[0-9]{{1,12}}:[0-9]{{1,12}}:[0-9]{{1,15}}:({REPORTER})?")
    return next((place for place, turn in enumerate(turns, 1) if _mark(turn) == mark), len(turns))
