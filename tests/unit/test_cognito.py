"""Logins of a user pool: only its own fresh ID token for our client opens a session, and only once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm

from tests.support.clocks import ManualClock
from tests.support.memory_table import MemoryTable
from trunkline.auth.api_key_repository import ApiKeyRepository
from trunkline.auth.authenticator import Authenticator, Credentials
from trunkline.auth.cognito import CognitoUserPool
from trunkline.auth.principal import Actor
from trunkline.auth.scopes import Scope
from trunkline.auth.sessions import SessionRepository
from trunkline.core.errors import InvalidApiKey, MissingScope

ISSUER = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_abc"
OURS, OTHERS = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
POOL = CognitoUserPool(ISSUER, "client", lambda _: OURS.public_key())


def id_token(key: Any = OURS, algorithm: str = "RS256", /, **changes: Any) -> str:
    now_s = int(time.time())
    claims = {
        "iss": ISSUER,
        "aud": "client",
        "sub": "user-1",
        "email": "ada@example.com",
        "token_use": "id",
        "iat": now_s,
        "exp": now_s + 3600,
        "custom:tenant_id": "tenant-1",
        "cognito:groups": ["trunkline-viewer"],
    } | changes
    return jwt.encode({name: value for name, value in claims.items() if value is not None}, key, algorithm)


def test_a_user_has_the_rights_of_its_groups() -> None:
    viewer = POOL.user(id_token())
    assert (viewer.tenant_id, viewer.name) == ("tenant-1", "ada@example.com")
    assert Scope.CALLS_READ in viewer.scopes
    assert Scope.CALLS_CREATE not in viewer.scopes
    admins: dict[str, Any] = {"cognito:groups": ["trunkline-admin"]}
    assert POOL.user(id_token(**admins)).scopes == {Scope.ADMIN}


@pytest.mark.parametrize(
    "token",
    [
        "",
        "nonsense",
        id_token(OTHERS),
        id_token("s" * 32, "HS256"),
        jwt.encode({"sub": "user-1", "aud": "client", "iss": ISSUER, "exp": 9_999_999_999}, "", "none"),
        id_token(exp=int(time.time()) - 60),
        id_token(exp=None),
        id_token(aud="another client"),
        id_token(iss="https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_evil"),
        id_token(token_use="access"),
        id_token(**{"custom:tenant_id": None}),
        id_token(**{"custom:tenant_id": ["tenant-1"]}),
    ],
)
def test_what_is_no_id_token_of_ours_is_refused(token: str) -> None:
    with pytest.raises(InvalidApiKey):
        POOL.user(token)


def test_a_secret_made_of_the_public_key_proves_nothing() -> None:
    """The classic confusion of RS256 with HS256, made by hand: the library would not sign it."""
    public = OURS.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    claims = jwt.decode(id_token(), options={"verify_signature": False})
    parts = [_part({"alg": "HS256", "typ": "JWT"}), _part(claims)]
    signature = hmac.new(public, b".".join(parts), hashlib.sha256).digest()
    forged = b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()
    with pytest.raises(InvalidApiKey):
        POOL.user(forged)


def _part(values: dict[str, Any]) -> bytes:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).rstrip(b"=")


@pytest.mark.parametrize("groups", [None, [], ["somebody"], "trunkline-admin", [{"a": 1}]])
def test_a_user_without_a_group_of_ours_has_no_rights(groups: Any) -> None:
    with pytest.raises(MissingScope):
        POOL.user(id_token(**{"cognito:groups": groups}))


def test_a_proof_opens_one_session_which_acts_for_the_users_tenant() -> None:
    table, clock = MemoryTable(), ManualClock(int(time.time() * 1000))
    sessions = SessionRepository(table, "pepper", clock)
    user = POOL.user(id_token())
    principal, user_hash = sessions.principal_for(user, Actor("session", user.id, user.name))
    token, view = sessions.open(principal, user_hash, 600)
    assert view["name"] == "ada@example.com"
    gate = Authenticator(ApiKeyRepository(table), sessions, "pepper", clock)
    admitted = gate.authenticate(Credentials("GET", "192.0.2.1", "r", session=token))
    assert admitted.principal.tenant_id == "tenant-1"
    assert admitted.rate.limit == 600
    with pytest.raises(InvalidApiKey):
        sessions.principal_for(POOL.user(id_token()), Actor())


def test_a_deployment_without_a_pool_has_none() -> None:
    assert CognitoUserPool.from_settings("none", "none") is None


@contextmanager
def published(keys: dict[str, Any]) -> Iterator[str]:
    """A pool's address, where its public keys are."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(keys if self.path == "/.well-known/jwks.json" else {}).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_the_keys_are_those_that_the_pool_publishes() -> None:
    key = RSAAlgorithm.to_jwk(OURS.public_key(), as_dict=True) | {"kid": "one", "use": "sig", "alg": "RS256"}
    with published({"keys": [key]}) as issuer:
        pool = CognitoUserPool.from_settings(issuer, "client")
        assert pool is not None
        claims = jwt.decode(id_token(), options={"verify_signature": False}) | {"iss": issuer}
        for signer, kid, good in ((OURS, "one", True), (OTHERS, "one", False), (OURS, "two", False)):
            text = jwt.encode(claims, signer, "RS256", headers={"kid": kid})
            if good:
                assert pool.user(text).tenant_id == "tenant-1"
                continue
            with pytest.raises(InvalidApiKey):
                pool.user(text)
