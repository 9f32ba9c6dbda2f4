"""Names that carry a claim, webhooks that prove their origin, secrets that stay out of sight."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from typing import Any

import jwt
import pytest
from google.protobuf.json_format import Parse
from hypothesis import example, given
from hypothesis import strategies as st
from livekit.protocol.webhook import WebhookEvent

from tests.support.clocks import ManualClock
from trunkline.core.errors import BadSignature, LiveKitNotConfigured
from trunkline.livekit.credentials import LiveKitCredentials, LiveKitSecret
from trunkline.livekit.rooms import (
    WATCHED_ROOM,
    CallAttemptRef,
    callee_identity,
    parse_room_name,
    room_name,
)
from trunkline.livekit.webhooks import parse_event, verified_event

CALL_ID = "3b883af9-fdfb-487d-85cf-f231d06a2b7f"
CREDENTIALS = LiveKitCredentials("wss://livekit.test", "devkey", "a secret of at least 32 characters")


@pytest.mark.parametrize("claim", [1, 2, 17])
def test_a_room_name_carries_its_call_and_claim(claim: int) -> None:
    assert parse_room_name(room_name(CALL_ID, claim)) == CallAttemptRef(CALL_ID, claim)


@pytest.mark.parametrize(
    "room", ["", "lobby", "call-", "call-123", f"call-{CALL_ID}-", f"call-{CALL_ID}x", f"xcall-{CALL_ID}"]
)
def test_rooms_that_are_not_ours_are_nobodys(room: str) -> None:
    assert parse_room_name(room) is None


def signed(body: bytes, **changes: Any) -> str:
    now_s = int(time.time())
    claims = {
        "iss": "devkey",
        "nbf": now_s,
        "exp": now_s + 300,
        "sha256": base64.b64encode(hashlib.sha256(body).digest()).decode(),
    } | changes
    return jwt.encode({k: v for k, v in claims.items() if v is not None}, CREDENTIALS.api_secret, "HS256")


def left_event(**participant: Any) -> dict[str, Any]:
    return {
        "event": "participant_left",
        "room": {"name": room_name(CALL_ID, 2)},
        "participant": {
            "sid": "PA_1",
            "identity": callee_identity(2),
            "kind": "SIP",
            "attributes": {"sip.callID": "SCL_1", "sip.callStatus": "hangup"},
            "disconnectReason": "CLIENT_INITIATED",
        }
        | participant,
        "id": "EV_1",
        "aFieldOfTheFuture": 1,
    }


def left_body(**participant: Any) -> bytes:
    return json.dumps(left_event(**participant)).encode()


def signers(issuer: str) -> list[LiveKitCredentials]:
    """Whoever it says it is, there is one project."""
    return [CREDENTIALS]


def test_a_signed_end_of_the_callee_is_news() -> None:
    body = left_body()
    event = parse_event(verified_event(body, signed(body), signers)[0])
    assert event is not None
    assert event.claim == CallAttemptRef(CALL_ID, 2)
    assert (event.disconnect_reason, event.sip_call_status) == ("CLIENT_INITIATED", "hangup")


@pytest.mark.parametrize(
    "participant",
    [{"kind": "AGENT"}, {"identity": callee_identity(1)}, {"identity": "somebody"}, {"kind": "STANDARD"}],
)
def test_others_in_the_room_and_other_claims_are_no_news(participant: dict[str, str]) -> None:
    body = left_body(**participant)
    assert parse_event(verified_event(body, signed(body), signers)[0]) is None


@pytest.mark.parametrize(("metadata", "told"), [("", False), (WATCHED_ROOM, True), ("of a tenant", True)])
def test_an_agents_join_is_news_only_where_the_room_says_so(metadata: str, told: bool) -> None:
    agent = {"kind": "AGENT", "identity": "agent-AJ_1"}
    joined = left_event(**agent) | {"event": "participant_joined"}
    joined["room"] |= {"metadata": metadata}
    event = parse_event(Parse(json.dumps(joined), WebhookEvent(), ignore_unknown_fields=True))
    assert (event is not None) is told
    left = left_event(**agent)
    assert parse_event(Parse(json.dumps(left), WebhookEvent(), ignore_unknown_fields=True)) is not None


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "nonsense",
        signed(b"another body"),
        signed(left_body(), exp=int(time.time()) - 60),
        signed(left_body(), nbf=int(time.time()) + 600),
        signed(left_body(), iss="somebody"),
        signed(left_body(), exp=None),
        signed(left_body(), sha256=None),
        signed(left_body(), sha256="%%%"),
        jwt.encode({"iss": "devkey"}, "x" * 32, "HS256"),
        jwt.encode({"iss": "devkey", "exp": 9_999_999_999, "nbf": 0}, "", "none"),
    ],
)
def test_what_livekit_did_not_sign_is_refused(authorization: str) -> None:
    with pytest.raises(BadSignature):
        verified_event(left_body(), authorization, signers)


def test_a_body_that_is_no_event_is_refused() -> None:
    with pytest.raises(BadSignature):
        verified_event(b"\xff{", signed(b"\xff{"), signers)


def test_credentials_never_show_their_secret() -> None:
    assert CREDENTIALS.api_secret not in repr(CREDENTIALS)
    assert CREDENTIALS.project == "livekit.test"


class FakeSecrets:
    def __init__(self, text: str) -> None:
        self.text = text
        self.reads = 0

    def get_secret_value(self, SecretId: str) -> dict[str, str]:  # noqa: N803 - boto3's name
        self.reads += 1
        return {"SecretString": self.text}


@pytest.mark.parametrize(
    "text", ["", "{}", "generated", '{"url": "", "api_key": "k", "api_secret": "s"}', '{"url": "u"}', "[1]"]
)
def test_a_secret_without_a_project_is_not_configured(text: str) -> None:
    with pytest.raises(LiveKitNotConfigured, match="LiveKit service is not configured. Please contact"):
        LiveKitSecret(FakeSecrets(text), "arn", ManualClock()).read()  # type: ignore[arg-type]


def test_the_secret_is_kept_for_a_minute_and_absence_is_not() -> None:
    clock, secrets = ManualClock(), FakeSecrets("{}")
    secret = LiveKitSecret(secrets, "arn", clock)  # type: ignore[arg-type]
    with pytest.raises(LiveKitNotConfigured):
        secret.read()
    secrets.text = '{"url": "u", "api_key": "k", "api_secret": "s"}'
    assert secret.read().url == "u"
    secret.read()
    assert secrets.reads == 2
    clock.move_s(61)
    secret.read()
    assert secrets.reads == 3


@given(st.integers(-(2**63), 2**63 - 1))
@example(1_794_999_990)
@example(0)
def test_the_time_of_an_event_is_livekits_bounded_by_ours(created_s: int) -> None:
    now_ms = 1_795_000_000_000
    body = json.dumps(left_event() | {"createdAt": str(created_s)})
    event = Parse(body, WebhookEvent(), ignore_unknown_fields=True)
    read = parse_event(event)
    assert read is not None
    at_ms = read.at_ms(now_ms)
    assert now_ms - 600_000 <= at_ms <= now_ms
    if now_ms - 600_000 <= created_s * 1000 <= now_ms - 1000:
        assert at_ms // 1000 == created_s


def test_an_events_id_fits_into_a_key_whoever_made_it() -> None:
    event = left_event() | {"id": "Ж" * 5_000}
    read = parse_event(Parse(json.dumps(event), WebhookEvent(), ignore_unknown_fields=True))
    assert read is not None
    assert len(read.id.encode()) < 1024, "DynamoDB's longest sort key"
