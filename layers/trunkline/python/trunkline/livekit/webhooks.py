"""LiveKit's signed webhooks: verification, and parsing into events of a claim's room.

Source: https://docs.livekit.io/home/server/webhooks/ and `docs/livekit.md` (signature, retries, order).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import jwt
from google.protobuf.json_format import Parse, ParseError
from livekit.protocol.models import DisconnectReason, ParticipantInfo
from livekit.protocol.webhook import WebhookEvent

from trunkline.core.errors import BadSignature
from trunkline.livekit.credentials import LiveKitCredentials
from trunkline.livekit.rooms import (
    AGENT_PREFIX,
    CALLER,
    MAX_ID,
    CallAttemptRef,
    callee_identity,
    parse_room_name,
)
from trunkline.livekit.tokens import issuer_of

_LEEWAY_S = 10
_MAX_LATE_MS = 10 * 60_000
"""LiveKit drops an event that waited for 30 s; its clock is not believed beyond this."""


@dataclass(frozen=True)
class LiveKitEvent:
    """An event in one claim's room, of its callee, its caller or its agent.

    `id` is LiveKit's, the same at every repeat; `agent_job_id` is set if the event is an agent's, `watched`
    if the room's metadata says that its agents' joins matter.
    """

    event: str
    claim: CallAttemptRef
    id: str = ""
    is_caller: bool = False
    agent_job_id: str | None = None
    watched: bool = False
    sip_participant_id: str | None = None
    sip_call_id: str | None = None
    disconnect_reason: str = ""
    sip_call_status: str = ""
    created_at_ms: int | None = None

    def at_ms(self, now_ms: int) -> int:
        """Return when it happened: by LiveKit's clock, which tells whole seconds, bounded by ours."""
        if self.created_at_ms is None:
            return now_ms
        return max(now_ms - _MAX_LATE_MS, min(now_ms, self.created_at_ms + 999))


def verified_event(
    body: bytes, authorization: str, signers: Callable[[str], Iterable[LiveKitCredentials]]
) -> tuple[WebhookEvent, str | None]:
    """Check the signature over the raw body and read the event.

    `signers(issuer)` names the projects that an API key may belong to.

    Returns:
        The event, and the tenant that owns the project (None: the deployment).

    Raises:
        BadSignature: wrong key, altered body, expired or malformed token, or no event in the body.
    """
    token = authorization.removeprefix("Bearer ")
    for credentials in signers(issuer_of(token)):
        claims = _claims(token, credentials)
        if claims is not None:
            return _event(body, claims), credentials.tenant_id
    raise BadSignature


def _claims(token: str, credentials: LiveKitCredentials) -> dict[str, Any] | None:
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            credentials.api_secret,
            algorithms=["HS256"],
            issuer=credentials.api_key,
            leeway=_LEEWAY_S,
            options={"require": ["exp", "iss", "nbf"]},
        )
    except jwt.InvalidTokenError:
        return None
    return claims


def _event(body: bytes, claims: dict[str, Any]) -> WebhookEvent:
    try:
        signed = base64.b64decode(str(claims.get("sha256", "")), validate=True)
        if not hmac.compare_digest(signed, hashlib.sha256(body).digest()):
            raise BadSignature
        return Parse(body, WebhookEvent(), ignore_unknown_fields=True)
    except (binascii.Error, ParseError, UnicodeDecodeError) as error:
        raise BadSignature from error


def parse_event(event: WebhookEvent) -> LiveKitEvent | None:
    """Parse an event of a call; None for rooms that are not ours and for events that change nothing."""
    claim = parse_room_name(event.room.name)
    read = _read_event(event, claim) if claim else None
    if read is None:
        return None
    # The id becomes part of a key, and a tenant's own LiveKit may send one that no key can hold.
    return replace(read, id=event.id[:MAX_ID], created_at_ms=event.created_at * 1000 or None)


def _read_event(event: WebhookEvent, claim: CallAttemptRef) -> LiveKitEvent | None:
    if event.event == "room_finished":
        return LiveKitEvent(event.event, claim, event.id)
    if event.event not in ("participant_joined", "participant_left"):
        return None
    if event.participant.kind == ParticipantInfo.Kind.AGENT:
        return _agent_event(event, claim)
    return _person_event(event, claim)


def _agent_event(event: WebhookEvent, claim: CallAttemptRef) -> LiveKitEvent | None:
    """Parse an agent's event; None for a join in a room without the metadata `WATCHED_ROOM`."""
    agent, joins = event.participant, event.event == "participant_joined"
    if not agent.identity.startswith(AGENT_PREFIX) or (joins and not event.room.metadata):
        return None
    return LiveKitEvent(
        event.event,
        claim,
        event.id,
        agent_job_id=agent.identity.removeprefix(AGENT_PREFIX)[:MAX_ID],
        watched=bool(event.room.metadata),
        disconnect_reason=_reason_name(agent.disconnect_reason),
    )


def _person_event(event: WebhookEvent, claim: CallAttemptRef) -> LiveKitEvent | None:
    person = event.participant
    is_caller = person.kind == ParticipantInfo.Kind.STANDARD and person.identity == CALLER
    is_callee = person.kind == ParticipantInfo.Kind.SIP and person.identity == callee_identity(claim.claim)
    if not is_caller and not is_callee:
        return None
    return LiveKitEvent(
        event.event,
        claim,
        event.id,
        is_caller=is_caller,
        sip_participant_id=person.sid[:MAX_ID] if is_callee else None,
        sip_call_id=person.attributes.get("sip.callID", "")[:MAX_ID] or None,
        disconnect_reason=_reason_name(person.disconnect_reason),
        sip_call_status=person.attributes.get("sip.callStatus", ""),
    )


def _reason_name(value: int) -> str:
    """Return a reason's name, or none: a newer server may send one that this protocol version lacks."""
    return DisconnectReason.Name(value) if value in DisconnectReason.values() else "UNKNOWN_REASON"
