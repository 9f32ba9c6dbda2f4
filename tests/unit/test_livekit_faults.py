"""A LiveKit that misbehaves: after the request may have left, nothing is certain (rule 11)."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from livekit.api import ServerError

from tests.support.builders import SNAPSHOT, make_call
from tests.support.hostile_livekit import endless
from trunkline.livekit import client as client_module
from trunkline.livekit.client import LiveKitClient, dial_token, open_session
from trunkline.livekit.credentials import LiveKitCredentials
from trunkline.livekit.dial_result import DialResultKind
from trunkline.livekit.sdk_boundary import (
    MAX_ANSWER_BYTES,
    UNAUTHENTICATED,
    LiveKitUnavailable,
    confirmed,
    refusal_of,
)

SECRET = "a secret of at least thirty-two characters"
CREDENTIALS = LiveKitCredentials("http://x", "devkey", SECRET)
CALL = make_call(claim=1, room_name="r1", agent=replace(SNAPSHOT, ring_timeout_s=1))
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Server:
    """Counts requests, and answers each as it is told."""

    def __init__(self) -> None:
        self.requests = 0
        self.answer: Answer = hang

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        return await self.answer(request)


async def hang(request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(30)
    return web.Response()


async def reset(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def half_an_answer(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Length": "500"})
    await answer.prepare(request)
    await answer.write(b"half")
    assert request.transport is not None
    request.transport.close()
    return answer


def status(code: int, body: str) -> Answer:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(status=code, text=body, content_type="application/json")

    return answer


@pytest.fixture
async def server() -> AsyncIterator[tuple[Server, LiveKitClient]]:
    behaviour, app = Server(), web.Application()
    app.router.add_route("*", "/{path:.*}", behaviour.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    credentials = LiveKitCredentials(f"http://127.0.0.1:{runner.addresses[0][1]}", "devkey", SECRET)
    async with open_session() as session:
        yield behaviour, LiveKitClient(credentials, session)
    await runner.cleanup()


async def open_gate() -> None:
    await asyncio.sleep(0)


@pytest.mark.parametrize(
    "answer",
    [
        hang,
        reset,
        half_an_answer,
        status(500, '{"code": "internal", "msg": "boom"}'),
        status(502, "<html>bad gateway</html>"),
        status(503, '{"code": "unavailable", "msg": "upstream connect error"}'),
        status(404, '{"code": "bad_route", "msg": "no handler"}'),
    ],
    ids=["hang", "reset", "half", "500", "502", "503", "404"],
)
async def test_a_dial_without_a_clear_answer_is_unknown_and_sent_once(
    server: tuple[Server, LiveKitClient], answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "_ANSWER_GRACE_S", 0)
    behaviour, livekit = server
    behaviour.answer = answer
    dialled = await livekit.dial(CALL, "ST_1", dial_token(CREDENTIALS, 5), open_gate)
    assert dialled.result.kind is DialResultKind.UNKNOWN
    assert behaviour.requests == 1, "an SDK's retry would be a second INVITE"


@pytest.mark.parametrize("answer", [reset, status(500, "{}")], ids=["reset", "500"])
async def test_every_other_request_fails_in_one_way_and_is_not_repeated(
    server: tuple[Server, LiveKitClient], answer: Answer
) -> None:
    behaviour, livekit = server
    behaviour.answer = answer
    requests: list[Callable[[], Awaitable[object]]] = [
        lambda: livekit.dispatch_agent("r1", "ada", "id"),
        lambda: livekit.agent_in_room("r1"),
        lambda: livekit.callee("r1", 1),
        lambda: livekit.remove_callee("r1", 1),
        lambda: livekit.delete_room("r1"),
    ]
    for request in requests:
        with pytest.raises(LiveKitUnavailable):
            await request()
    assert behaviour.requests == len(requests)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("invalid API key: nokey", "text/plain"),
        ("go-jose/go-jose: error in cryptographic primitive", "text/plain"),
        ('{"code":"unauthenticated","msg":"permissions denied"}', "application/json"),
    ],
)
async def test_refused_credentials_are_known_whatever_the_form_of_the_refusal(
    server: tuple[Server, LiveKitClient], body: str, content_type: str
) -> None:
    behaviour, livekit = server

    async def refuse(_: web.Request) -> web.StreamResponse:
        return web.Response(status=401, text=body, content_type=content_type)

    behaviour.answer = refuse
    with pytest.raises(LiveKitUnavailable) as refused:
        await livekit.dispatch_agent("r1", "ada", "id")
    assert refused.value.code == UNAUTHENTICATED


def bomb(text: str) -> Answer:
    """Compress an answer of which the SDK would unpack a hundred times the bound."""
    packed = gzip.compress(text.encode() * (100 * MAX_ANSWER_BYTES // len(text)))

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(status=500, body=packed, headers={"Content-Encoding": "gzip"})

    return answer


HOSTILE = {
    "list": status(500, "[]"),
    "null": status(500, "null"),
    "number": status(400, "5"),
    "empty": status(500, ""),
    "null message": status(500, '{"code": "internal", "msg": null}'),
    "code is a list": status(400, '{"code": ["not_found"], "msg": {}}'),
    "code is long": status(400, json.dumps({"code": "eyJ" * 150_000})),
    "meta is a list": status(412, '{"code": "internal", "meta": [1]}'),
    "sip status is a list": status(412, '{"code": "internal", "meta": {"sip_status_code": [1]}}'),
    "sip status is huge": status(412, json.dumps({"meta": {"sip_status_code": "9" * 5000}})),
    "nested": status(500, "[" * 100_000),
    "no message": status(200, "not protobuf"),
    "wrong charset": status(200, "\udcff".encode("utf-8", "surrogatepass").decode("latin-1")),
    "bomb": bomb("[0, 0, 0, 0]"),
    "endless": endless,
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_whatever_a_livekit_answers_becomes_the_one_error(
    server: tuple[Server, LiveKitClient], name: str
) -> None:
    behaviour, livekit = server
    behaviour.answer = HOSTILE[name]
    for request in (
        lambda: livekit.dispatch_agent("r1", "ada", "id"),
        lambda: livekit.callee("r1", 1),
        lambda: livekit.delete_room("r1"),
    ):
        with pytest.raises(LiveKitUnavailable) as shown:
            await request()
        assert len(str(shown.value)) < 100
    dialled = await livekit.dial(CALL, "ST_1", dial_token(CREDENTIALS, 5), open_gate)
    assert dialled.result.kind is DialResultKind.UNKNOWN


async def test_no_more_than_the_bound_is_read_of_an_answer(server: tuple[Server, LiveKitClient]) -> None:
    behaviour, livekit = server
    behaviour.answer = endless
    with pytest.raises(LiveKitUnavailable, match="AnswerTooLarge"):
        await livekit.callee("r1", 1)


async def test_a_dial_that_fails_before_its_start_was_not_sent(server: tuple[Server, LiveKitClient]) -> None:
    behaviour, livekit = server

    async def refuse() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await livekit.dial(CALL, "ST_1", dial_token(CREDENTIALS, 5), refuse)
    assert behaviour.requests == 0


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(json_values, json_values, json_values)
def test_every_field_of_an_error_is_checked(code: object, message: object, meta: object) -> None:
    error = ServerError(code, message, status=500, metadata=meta)  # type: ignore[arg-type]
    refusal = refusal_of(error)
    assert refusal.code in (code, "unknown")
    assert isinstance(refusal.message, str)
    assert refusal.sip_status_code is None or 100 <= refusal.sip_status_code < 700


async def test_a_refusal_never_shows_the_servers_text() -> None:
    """For an expired token that text is the token itself."""

    async def refused() -> None:
        raise ServerError("unauthenticated", "invalid token: eyJhbGciOi", status=401)

    with pytest.raises(LiveKitUnavailable) as shown:
        await confirmed(refused())
    assert "eyJ" not in str(shown.value)
