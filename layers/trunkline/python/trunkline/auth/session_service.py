"""Use cases of a tenant's open sessions: list them, end one, or all but one's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from typing_extensions import TypedDict

from trunkline.auth.audit_log import audit_write
from trunkline.auth.principal import Principal
from trunkline.core.clock import Clock
from trunkline.core.errors import NotFound
from trunkline.core.pagination import decode_cursor, encode_cursor
from trunkline.core.timestamps import iso_from_ms
from trunkline.storage.keys.item import PK, Item
from trunkline.storage.keys.tenants import api_key_key, session_entry, session_key
from trunkline.storage.newest_page import newest_page
from trunkline.storage.table import EXISTS, ConditionFailed, Delete, Table

_PAGE = 100
_ID = r"ses_[0-9a-f]{23}"


class OpenSessionView(TypedDict):
    """A session that is open: `actor_id` is the id of its key or user, `address` the one that opened it."""

    id: str
    name: str
    actor_id: str
    address: str
    livemode: bool
    opened_at: str
    expires_at: str
    current: bool


class OpenSessionList(TypedDict):
    """Open sessions, newest first; `current` marks the one of the request."""

    data: list[OpenSessionView]
    next_cursor: str | None


class EndedSessions(TypedDict):
    """How many sessions a request has ended; with `more`, the same request ends further ones."""

    ended: int
    more: bool


@dataclass(frozen=True)
class SessionService:
    """A tenant's sessions. Live mode sees those of both modes, test mode only those of test keys."""

    table: Table
    clock: Clock

    def list(
        self, principal: Principal, cursor: str | None = None, current: str | None = None
    ) -> OpenSessionList:
        """List open sessions, newest first; `current` is the id of the request's own one.

        A page can have fewer sessions than the next one: those whose key was revoked have ended.

        Raises:
            InvalidRequest: the cursor is not from such a list.
        """
        prefix = session_entry(principal.tenant_id)
        last = prefix.sk + (decode_cursor(cursor, _ID) if cursor else "~")
        entries, more = newest_page(self.table, prefix, last, _PAGE)
        shown = [_view(entry, current) for entry in self._open(principal, entries)]
        return {"data": shown, "next_cursor": encode_cursor(more.removeprefix(prefix.sk)) if more else None}

    def end(self, principal: Principal, session_id: str) -> None:
        """End a session: its cookie is refused from the next request on.

        Raises:
            NotFound: the tenant has no such session in sight, or it has ended.
        """
        key = session_entry(principal.tenant_id, session_id)
        entry = self.table.get(key)
        if entry is None or not _visible(principal, entry):
            raise NotFound("Session not found")
        audit = audit_write(principal, self.clock.wall_ms(), "session.ended", session_id)
        try:
            self.table.transact([Delete(key, EXISTS), Delete(session_key(entry["hash"])), audit])
        except ConditionFailed as error:
            raise NotFound("Session not found") from error

    def end_others(self, principal: Principal, current: str | None) -> EndedSessions:
        """End the sessions in sight but `current`, the newest first: up to a hundred in one request.

        One that ends by itself meanwhile is none of those that are counted.
        """
        ended, prefix = 0, session_entry(principal.tenant_id)
        for page in self.table.newest_between(prefix, prefix.sk + "~", limit=_PAGE):
            for entry in self._open(principal, page):
                if entry["session_id"] == current:
                    continue
                if ended == _PAGE:
                    return {"ended": ended, "more": True}
                with suppress(NotFound):
                    self.end(principal, entry["session_id"])
                    ended += 1
        return {"ended": ended, "more": False}

    def _open(self, principal: Principal, entries: Sequence[Item]) -> Iterator[Item]:
        """Yield the entries that are in sight, and whose session and key are valid now."""
        now_ms = self.clock.wall_ms()
        hashes = dict.fromkeys(entry["key_hash"] for entry in entries)
        keys = self.table.get_all([api_key_key(key_hash) for key_hash in hashes]) if hashes else []
        valid = {key[PK] for key in keys if now_ms < (key.get("expires_at_ms") or now_ms + 1)}
        for entry in entries:
            is_valid = now_ms < entry["expires_at_ms"] and api_key_key(entry["key_hash"]).pk in valid
            if is_valid and _visible(principal, entry):
                yield entry


def _visible(principal: Principal, entry: Item) -> bool:
    return bool(principal.livemode or not entry["livemode"])


def _view(entry: Item, current: str | None) -> OpenSessionView:
    return {
        "id": entry["session_id"],
        "name": entry["actor_name"],
        "actor_id": entry["actor_id"],
        "address": entry["address"],
        "livemode": entry["livemode"],
        "opened_at": iso_from_ms(entry["opened_at_ms"]),
        "expires_at": iso_from_ms(entry["expires_at_ms"]),
        "current": entry["session_id"] == current,
    }
