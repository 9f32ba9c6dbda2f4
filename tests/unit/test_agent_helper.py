"""The agents' helper and tools: an answer that is lost on its way is asked for again, and done once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import BaseTestServer, TestServer
from trunkline_agent import AgentCall, Refused, connection, outbox, tools

from trunkline.calls.report_schemas import Reports, TranscriptReport
from trunkline.core.validation import validated
from trunkline.http_api.request_body import MAX_REQUEST_BYTES

ROOM = "call-00000000-0000-4000-8000-000000000001"
DONE: Any = {"invocation_id": "x", "status": "succeeded", "result": {"id": 1}, "error": None}


def refused(kind: str) -> web.Response:
    return web.json_response({"error": {"message": f"It is {kind}", "code": 409, "type": kind}}, status=409)


class AgentApi:
    """Trunkline's agent API: it answers in turn."""

    def __init__(self, *answers: Callable[[web.Request], web.Response]) -> None:
        self.answers, self.seen = list(answers), list[dict[str, Any]]()
        self.sizes: list[int] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.sizes.append(len(await request.read()))
        body = await request.json() if request.body_exists else {}
        self.seen.append({"path": request.path_qs, **body})
        return self.answers[min(len(self.seen), len(self.answers)) - 1](request)

    def server(self) -> TestServer:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self.answer)
        return TestServer(app)


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "_IN_PROGRESS_RETRY_S", 0.01)


def hung_up(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.close()
    return web.Response()


def call_at(server: BaseTestServer) -> AgentCall:
    return AgentCall(str(server.make_url("")), ROOM, "key", "secret-that-is-long-enough-for-hs256")


async def test_a_lost_answer_is_asked_for_again_with_the_same_id() -> None:
    api = AgentApi(hung_up, lambda _: refused("idempotency_in_progress"), lambda _: web.json_response(DONE))
    async with api.server() as server, call_at(server) as call:
        assert await call.use_tool("save meal/x", {"meal": "soup"}) == DONE
    assert len({request["invocation_id"] for request in api.seen}) == 1
    assert [request["params"] for request in api.seen] == [{"meal": "soup"}] * 3
    assert api.seen[0]["path"].endswith("/tools/save%20meal%2Fx")


async def test_what_nobody_knows_is_told_to_the_model() -> None:
    api = AgentApi(lambda _: refused("outcome_unknown"))
    async with api.server() as server, call_at(server) as call:
        told: Any = await call.use_tool("save_meal", {}, "inv-1")
    assert (told["status"], told["invocation_id"], told["error"]["may_have_happened"]) == (
        "failed",
        "inv-1",
        True,
    )


@pytest.mark.parametrize("kind", ["attempt_over", "idempotency_conflict", "not_found"])
async def test_what_is_refused_is_not_sent_again(kind: str) -> None:
    api = AgentApi(lambda _: refused(kind))
    async with api.server() as server, call_at(server) as call:
        with pytest.raises(Refused, match=kind) as told:
            await call.use_tool("save_meal", {})
    assert (told.value.type, len(api.seen)) == (kind, 1)


async def test_the_tools_of_an_agent_are_asked_for_by_its_name() -> None:
    api = AgentApi(lambda _: web.json_response({"data": [{"name": "x"}]}))
    async with api.server() as server, call_at(server) as call:
        assert [each["name"] for each in (*await call.tools(), *await call.tools("Bea & Co"))] == ["x", "x"]
    assert [request["path"].partition("/tools")[2] for request in api.seen] == ["", "?agent=Bea+%26+Co"]


@pytest.mark.parametrize("letter", ["Ж", "\x01", "😀", '"'])
async def test_a_long_turn_becomes_several_that_the_api_takes(letter: str) -> None:
    api = AgentApi(lambda _: web.json_response({"applied": [True]}))
    async with api.server() as server, call_at(server) as call:
        call.said("user", letter * 100_000)
        call.said("assistant", "")
        await call.flush()
    reports = [validated(Reports, {"reports": seen["reports"]}).reports[0] for seen in api.seen]
    turns = [turn for report in reports if isinstance(report, TranscriptReport) for turn in report.turns]
    assert [turn.sequence for turn in turns] == [1, 2, 3, 4]
    assert "".join(turn.content for turn in turns) == letter * 100_000
    assert max(api.sizes) <= MAX_REQUEST_BYTES


async def test_a_lone_surrogate_does_not_hold_up_the_transcript() -> None:
    api = AgentApi(lambda _: web.json_response({"applied": [True]}))
    async with api.server() as server, call_at(server) as call:
        call.said("user", "a\ud800b")
        await call.flush()
    assert api.seen[0]["reports"][0]["turns"][0]["content"] == "a?b"


async def test_a_lone_surrogate_is_replaced_in_every_request() -> None:
    api = AgentApi(lambda _: web.json_response(DONE))
    async with api.server() as server, call_at(server) as call:
        await call.summary("a\ud800b")
        await call.set_variables({"x": "\ud800"})
        await call.use_tool("x\ud800", {"meal": "\ud800"})
    assert [report["reports"][0].get("text") for report in api.seen[:1]] == ["a?b"]
    assert api.seen[-1]["params"] == {"meal": "?"}


@pytest.mark.parametrize(
    ("status", "text", "message"),
    [
        (403, '{"message": "Forbidden"}', '403: {"message": "Forbidden"}'),
        (413, "<html>", "413: <html>"),
        (400, "[]", r"400: \[\]"),
        (400, '{"error": "x"}', "400: "),
        (301, "", "301: "),
    ],
)
async def test_a_refusal_of_something_before_trunkline_is_one_too(
    status: int, text: str, message: str
) -> None:
    api = AgentApi(lambda _: web.Response(status=status, text=text, headers={"Location": "/elsewhere"}))
    async with api.server() as server, call_at(server) as call:
        with pytest.raises(Refused, match=message):
            await call.answered()
    assert len(api.seen) == 1


@pytest.mark.parametrize("text", ["<html>", "[]", "null", "", "[" * 100_000])
async def test_an_answer_that_is_not_trunklines_is_asked_for_again(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setattr(connection, "_BACKOFF_S", 0.001)
    api = AgentApi(lambda _: web.Response(text=text), lambda _: web.json_response(DONE))
    async with api.server() as server, call_at(server) as call:
        assert await call.use_tool("x", {}) == DONE
    assert len(api.seen) == 2


@pytest.mark.parametrize(
    "text", ['{"error": {"message": "Rate limited"}}', '{"message": "Too Many Requests"}']
)
async def test_a_rate_limit_is_waited_for(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(connection, "_BACKOFF_S", 0.001)
    api = AgentApi(*[lambda _: web.Response(status=429, text=text)] * 3, lambda _: web.json_response({}))
    async with api.server() as server, call_at(server) as call:
        await call.answered()
    assert len(api.seen) == 4


async def test_whatever_is_answered_the_transcript_is_sent_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outbox, "_FLUSH_INTERVAL_S", 0.01)
    monkeypatch.setattr(connection, "_MAX_ATTEMPTS", 1)
    sent = asyncio.Event()

    def take(_: web.Request) -> web.Response:
        sent.set()
        return web.json_response({})

    api = AgentApi(
        lambda _: web.Response(status=400, text='{"error": "x"}'),
        lambda _: web.Response(text="<html>"),
        lambda _: web.Response(status=403, text="[]"),
        take,
    )
    async with api.server() as server, call_at(server) as call:
        call.said("user", "hello")
        await asyncio.wait_for(sent.wait(), timeout=5)
    assert api.seen[3]["reports"][0]["turns"][0]["content"] == "hello"


@pytest.mark.parametrize("kind", ["attempt_over", "not_found", "invalid_agent_token", "wrong_call"])
async def test_what_trunkline_takes_no_more_is_dropped_and_told_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    monkeypatch.setattr(outbox, "_FLUSH_INTERVAL_S", 0.001)
    api = AgentApi(lambda _: refused(kind))
    async with api.server() as server, call_at(server) as call:
        call.said("user", "late")
        [flusher] = [task for task in asyncio.all_tasks() if task.get_name() == "trunkline_agent outbox"]
        await asyncio.wait_for(flusher, 5)
        call.said("user", "later still")
        await call.flush()
    assert len(api.seen) == 1
    assert [record.getMessage() for record in caplog.records if record.name == "trunkline_agent"] == [
        f"transcript dropped, Trunkline takes no more of it: {kind}: It is {kind}"
    ]


async def test_an_attempt_that_is_over_can_be_ended() -> None:
    api = AgentApi(lambda _: refused("attempt_over"))
    async with api.server() as server, call_at(server) as call:
        call.said("user", "late")
        await call.ended()
        assert call.is_over


async def test_an_end_that_is_refused_for_another_reason_is_told() -> None:
    api = AgentApi(lambda _: refused("wrong_call"))
    async with api.server() as server, call_at(server) as call:
        call.said("user", "late")
        with pytest.raises(Refused, match="wrong_call"):
            await call.ended()
        assert not call.is_over


async def test_a_turn_that_would_be_refused_holds_up_no_other() -> None:
    api = AgentApi(lambda _: web.json_response({}))
    async with api.server() as server, call_at(server) as call:
        with pytest.raises(ValueError, match="role must be one of assistant, user"):
            call.said("agent", "hello")
        for name in ("", " ", "x" * 101):
            with pytest.raises(ValueError, match="1 to 100 characters"):
                call.said("assistant", "hello", agent=name)
        call.said("user", "heard")
    assert [turn["content"] for turn in api.seen[0]["reports"][0]["turns"]] == ["heard"]


async def test_each_helper_counts_for_itself_and_says_who_speaks() -> None:
    context = {"agent": {"name": "Ada", "active": "Bea"}, "next_sequence": 8}
    api = AgentApi(
        lambda request: web.json_response(context if "/context" in request.path else {"applied": [True]})
    )
    async with api.server() as server:
        for _ in range(2):
            async with call_at(server) as call:
                await call.context()
                call.said("assistant", "Hello")
                call.said("user", "Hi")
                await call.agent_changed("Cleo")
                call.said("assistant", "Cleo here")
    asked = [seen["path"].partition("reporter=")[2] for seen in api.seen if "/context" in seen["path"]]
    bodies = [seen for seen in api.seen if "reports" in seen]
    assert len(set(asked)) == 2
    assert [body["reporter"] for body in bodies] == [asked[0]] * 3 + [asked[1]] * 3
    reports = [validated(Reports, {"reports": body["reports"]}).reports[0] for body in bodies[:3]]
    assert [report.type for report in reports] == ["transcript", "agent_changed", "transcript"], (
        "turns from before a change of the agent are sent before it"
    )
    turns = [turn for report in reports if isinstance(report, TranscriptReport) for turn in report.turns]
    assert [(turn.sequence, turn.agent) for turn in turns] == [(8, "Bea"), (9, None), (11, "Cleo")]


async def test_the_helper_works_with_a_trunkline_that_names_no_numbers() -> None:
    api = AgentApi(lambda _: web.json_response({"agent": {"name": "Ada"}}))
    async with api.server() as server, call_at(server) as call:
        await call.context()
        call.said("assistant", "Hello")
    assert api.seen[1]["reports"][0]["turns"][0]["sequence"] == 1


async def test_a_new_agent_has_a_name() -> None:
    api = AgentApi(lambda _: web.json_response({"applied": [True]}))
    async with api.server() as server, call_at(server) as call:
        for name in ("", " ", "x" * 101):
            with pytest.raises(ValueError, match="1 to 100"):
                await call.agent_changed(name)
    assert api.seen == []


async def test_only_an_agent_of_the_workflow_takes_over() -> None:
    team = [{"name": "Ada", "livekit_agent_name": "a"}, {"name": "Bea", "livekit_agent_name": "b"}]
    context = {"agent": {"name": "Ada"}, "workflow": {"agents": team}}
    api = AgentApi(lambda _: web.json_response(context), lambda _: web.json_response({"applied": [True]}))
    async with api.server() as server, call_at(server) as call:
        await call.context()
        with pytest.raises(ValueError, match="no agent Nobody; its agents are Ada, Bea"):
            await call.agent_changed("Nobody")
        await call.agent_changed("Bea")
    assert [seen["reports"][0]["agent"] for seen in api.seen[1:]] == ["Bea"]
