"""What an agent's token proves, and that every other token proves nothing."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.core.errors import InvalidAgentToken
from trunkline.livekit.credentials import LiveKitCredentials
from trunkline.livekit.rooms import CallAttemptRef
from trunkline.livekit.tokens import JoinClaims, caller_token, issuer_of, listener_token, verify_agent_token

CALL = "540fd075-1f39-48c0-80f9-6e279d614bfe"
OURS = LiveKitCredentials("https://livekit.test", "devkey", "s" * 32)
OWN = LiveKitCredentials("https://own.test", "ownkey", "o" * 32, tenant_id="tenant-1")
THIEF = LiveKitCredentials("https://own.test", "ownkey", "t" * 32, tenant_id="tenant-2")


def signers(issuer: str) -> list[LiveKitCredentials]:
    return [signer for signer in (OURS, THIEF, OWN) if signer.api_key == issuer]


def token(secret: str = OURS.api_secret, algorithm: str = "HS256", **changes: Any) -> str:
    grants = {"room": f"call-{CALL}-2", "roomJoin": True, "agent": True}
    claims = {"iss": "devkey", "sub": "agent-AJ_1", "kind": "agent", "exp": int(time.time()) + 60}
    values = {
        name: value for name, value in (claims | {"video": grants} | changes).items() if value is not None
    }
    return jwt.encode(values, secret, algorithm)


def test_a_jobs_own_token_proves_its_claim() -> None:
    proof = verify_agent_token(token(), signers)
    assert (proof.claim, proof.livekit_tenant_id) == (CallAttemptRef(CALL, 2), None)


def test_a_tenants_own_project_proves_whose_it_is_by_its_secret_alone() -> None:
    """Two tenants say that the key is theirs: the secret tells which."""
    for own in (OWN, THIEF):
        proof = verify_agent_token(token(own.api_secret, iss="ownkey"), signers)
        assert proof.livekit_tenant_id == own.tenant_id


def unsigned() -> str:
    claims = jwt.decode(token(), options={"verify_signature": False})
    parts = [json.dumps(part).encode() for part in ({"alg": "none", "typ": "JWT"}, claims)]
    return ".".join([base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts]) + "."


def other_signature() -> str:
    head, body, _ = token().split(".")
    return f"{head}.{body}.{token(OWN.api_secret).rpartition('.')[2]}"


NOW_S = int(time.time())
JOIN = JoinClaims(f"call-{CALL}", "caller", "caller", NOW_S, NOW_S + 60)
WRONG = {
    "nothing": "",
    "nonsense": "a.b.c",
    "unsigned": unsigned(),
    "another's signature": other_signature(),
    "another secret": token("x" * 32),
    "another algorithm": token("s" * 64, "HS512"),
    "expired": token(exp=NOW_S - 60),
    "not yet": token(nbf=NOW_S + 600),
    "without an end": token(exp=None),
    "without an issuer": token(iss=None),
    "an unknown issuer": token(iss="somebody"),
    "no kind": token(kind=None),
    "a caller's kind": token(kind="standard"),
    "no room": token(video={"roomJoin": True}),
    "a room that is not ours": token(video={"room": "lobby", "roomJoin": True}),
    "a room that is no text": token(video={"room": ["x"], "roomJoin": True}),
    "no right to join": token(video={"room": f"call-{CALL}"}),
    "grants that are none": token(video="all"),
    "a caller's own": caller_token(OURS, JOIN, call_id=CALL, livekit_agent_name="ada"),
    "a listener's own": listener_token(OURS, JOIN),
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_everything_else_proves_nothing(text: str) -> None:
    with pytest.raises(InvalidAgentToken):
        verify_agent_token(text, signers)


@given(st.text(max_size=200))
def test_any_text_has_an_issuer_or_none_and_never_an_error(text: str) -> None:
    assert isinstance(issuer_of(text), str)
