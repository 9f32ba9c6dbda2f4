"""Requests and answers of tools: what is sent again, what the agent is told, what stays secret."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import ManualClock
from trunkline.outgoing.messages import Answer, Fault, Request
from trunkline.redaction import HIDDEN
from trunkline.tools.actions import ApiCall, SetState
from trunkline.tools.outcomes import ActionFailed
from trunkline.tools.performance import Performance
from trunkline.tools.requests import MAX_ANSWER_BYTES, filled, read
from trunkline.tools.secrecy import Secrecy, masked
from trunkline.tools.sending import Sender

SECOND_US = 1_000_000
NO_SECRETS = Secrecy(())


def action(**more: Any) -> ApiCall:
    return ApiCall.model_validate({"type": "api_call", "url": "https://api.example.com/m"} | more)


def answered(status: int, body: Any = None, **headers: str) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, headers, raw, 5)


def failed(fault: Fault, *, sent: bool) -> Answer:
    return Answer(None, {}, b"", 5, fault, "", sent)


class Backend:
    """Answers in turn, each after so many seconds of a clock that nobody waits for."""

    def __init__(self, *answers: Answer, takes_s: float = 0.1) -> None:
        self.answers, self.takes_s = list(answers), takes_s
        self.clock, self.seen, self.slept = ManualClock(), list[Request](), list[float]()

    def send(self, request: Request) -> Answer:
        self.seen.append(request)
        self.clock.move_s(min(self.takes_s, request.deadline_s))
        return self.answers[min(len(self.seen), len(self.answers)) - 1]

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.move_s(seconds)

    def sender(self) -> Sender:
        return Sender(self.send, self.sleep, lambda: 0.5, self.clock)

    def carry(self, what: ApiCall, within_s: float = 22) -> Any:
        until_us = self.clock.monotonic_us() + int(within_s * SECOND_US)
        return self.sender().carry(what, filled(what, {}, "tl_1"), until_us)


OK = answered(200, {"ok": True})


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
@pytest.mark.parametrize(
    "first",
    [
        answered(429),
        answered(500),
        answered(503),
        failed(Fault.CONNECT, sent=False),
        failed(Fault.DNS, sent=False),
        failed(Fault.TIMEOUT, sent=False),
    ],
)
def test_what_surely_was_not_done_is_sent_again_whatever_the_method(method: str, first: Answer) -> None:
    backend = Backend(first, first, OK)
    sent = backend.carry(action(method=method))
    assert (sent.answer.status, sent.tries) == (200, 3)
    assert len({request.headers["Idempotency-Key"] for request in backend.seen}) == 1
    assert backend.slept == [0.25, 0.5]


@pytest.mark.parametrize("fault", [Fault.TIMEOUT, Fault.BROKEN])
@pytest.mark.parametrize(
    ("more", "tries"),
    [
        ({"method": "POST"}, 1),
        ({"method": "PATCH"}, 1),
        ({"method": "POST", "idempotent": True}, 3),
        ({"method": "GET"}, 3),
        ({"method": "PUT"}, 3),
        ({"method": "DELETE"}, 3),
        ({"method": "PUT", "idempotent": False}, 1),
    ],
)
def test_what_may_have_been_done_is_sent_again_only_where_that_does_no_harm(
    fault: Fault, more: dict[str, Any], tries: int
) -> None:
    backend = Backend(failed(fault, sent=True))
    with pytest.raises(ActionFailed) as told:
        backend.carry(action(retry_count=2, **more))
    assert len(backend.seen) == tries
    assert told.value.may_have_happened
    assert "it may have been done all the same" in told.value.message
    assert told.value.kind.value == fault.value


@pytest.mark.parametrize("fault", [Fault.REFUSED_ADDRESS, Fault.TLS, Fault.INVALID])
def test_what_can_never_be_sent_is_tried_once(fault: Fault) -> None:
    backend = Backend(failed(fault, sent=False))
    with pytest.raises(ActionFailed) as told:
        backend.carry(action())
    assert (len(backend.seen), told.value.may_have_happened) == (1, False)
    assert "nothing was done" in told.value.message


@pytest.mark.parametrize("status", [200, 201, 301, 400, 401, 404, 409, 422])
def test_any_other_answer_stands(status: int) -> None:
    backend = Backend(answered(status))
    assert backend.carry(action(method="POST")).answer.status == status
    assert len(backend.seen) == 1


def test_retry_count_is_the_tenants_word() -> None:
    backend = Backend(answered(500))
    assert backend.carry(action(retry_count=0)).tries == 1
    backend = Backend(answered(500))
    sent = backend.carry(action(retry_count=5))
    assert (sent.tries, sent.doubtful) == (6, True)


def test_a_refusal_after_a_doubtful_try_is_doubtful_too() -> None:
    what = action(method="POST")
    sent = Backend(answered(500), answered(409)).carry(what)
    with pytest.raises(ActionFailed) as told:
        read(what, sent.answer, NO_SECRETS, doubtful=sent.doubtful)
    assert told.value.may_have_happened
    backend = Backend(failed(Fault.TIMEOUT, sent=True), failed(Fault.CONNECT, sent=False))
    with pytest.raises(ActionFailed, match="may have been done"):
        backend.carry(action(method="PUT", retry_count=1))


def test_time_outs_that_add_up_end_with_the_invocation() -> None:
    backend = Backend(failed(Fault.TIMEOUT, sent=True), takes_s=20)
    began_us = backend.clock.monotonic_us()
    with pytest.raises(ActionFailed, match="tried 2 times"):
        backend.carry(action(timeout=15, retry_count=5))
    assert backend.clock.monotonic_us() - began_us <= 22 * SECOND_US
    assert [request.deadline_s for request in backend.seen] == [15, pytest.approx(6.75)]
    with pytest.raises(ActionFailed, match="nothing was sent") as told:
        backend.carry(action(), within_s=0.1)
    assert not told.value.may_have_happened


def test_retry_after_is_obeyed_as_far_as_there_is_time() -> None:
    backend = Backend(Answer(429, {"Retry-After": "3"}, b"", 5), OK)
    assert backend.carry(action()).answer.status == 200
    assert backend.slept == [3]
    backend = Backend(Answer(429, {"Retry-After": "60"}, b"", 5), OK)
    assert backend.carry(action()).answer.status == 429
    assert backend.slept == []


@pytest.mark.parametrize(
    ("more", "answer", "kind", "happened"),
    [
        ({}, answered(404, {"detail": "no"}), "unexpected_status", False),
        ({}, answered(500, b"<html>"), "unexpected_status", True),
        ({}, answered(302), "unexpected_status", False),
        ({"expect": {"status": [201]}}, answered(200), "unexpected_status", False),
        ({"expect": {"body": "ok"}}, answered(200, {"ok": False}), "unexpected_answer", True),
        ({"expect": {"body": "ok"}}, answered(200, b"<ok/>"), "answer_not_json", True),
        ({"save": {"x": "id"}}, answered(200, b"x=1"), "answer_not_json", True),
        ({"result": "id"}, answered(204, b""), "answer_not_json", True),
        ({"result": "sum(@)"}, answered(200, ["a"]), "unexpected_answer", True),
        ({"save": {"x": "id"}}, answered(200, b'{"id": NaN}'), "answer_not_json", True),
        ({}, answered(200, "x" * 40_000), "unexpected_answer", True),
        ({}, answered(200, b"x" * (MAX_ANSWER_BYTES + 1)), "answer_too_large", True),
    ],
)
def test_an_answer_that_is_not_expected_is_told(
    more: dict[str, Any], answer: Answer, kind: str, happened: bool
) -> None:
    with pytest.raises(ActionFailed) as told:
        read(action(**more), answer, NO_SECRETS, doubtful=(answer.status or 0) >= 500)
    view = told.value.view()
    assert (view["type"], view["may_have_happened"], view["http_status"]) == (kind, happened, answer.status)


def test_what_the_agent_is_told_of_an_answer() -> None:
    whole = answered(200, {"meal_id": 7, "internal": "x"})
    assert read(action(), whole, NO_SECRETS, doubtful=False).result == {"meal_id": 7, "internal": "x"}
    picked = read(action(result="{id: meal_id}", save={"last": "meal_id"}), whole, NO_SECRETS, doubtful=False)
    assert (picked.result, picked.saved) == ({"id": 7}, {"last": 7})
    assert read(action(), answered(200, b"plain\x00 text"), NO_SECRETS, doubtful=False).result == "plain text"
    assert read(action(), answered(204, b""), NO_SECRETS, doubtful=False).result is None
    assert (
        read(action(expect={"status": ["2xx", 404]}), answered(404, []), NO_SECRETS, doubtful=False).result
        == []
    )


@given(st.binary(max_size=200), st.sampled_from(["", "a.b", "length(@)", "keys(@)", "[].x"]))
def test_no_answer_breaks_the_reading(body: bytes, query: str) -> None:
    what = action(**({"result": query, "save": {"x": query}} if query else {}))
    try:
        read(what, answered(200, body), NO_SECRETS, doubtful=False)
    except ActionFailed:
        return


SCOPE: dict[str, Any] = {
    "user": {
        "auth_token": "jwt/secret+1",
        "pin": 123456,
        "name": "Jo",
        "nested": {"auth_token": "not hidden"},
    },
    "workflow": {"session": "s3ss10n", "step": 1},
    "secrets": {"key": "k3y k3y"},
    "params": {"meal": "soup"},
}
HIDDEN_KEYS = frozenset({"auth_token", "pin", "session"})


def test_secrets_are_taken_out_of_whatever_comes_back() -> None:
    secrecy = Secrecy.of(SCOPE, HIDDEN_KEYS)
    told = {
        "echo": "Bearer jwt/secret+1",
        "quoted": "?t=jwt%2Fsecret%2B1",
        "pin": 123456,
        "list": ["x123456x", {"k3y k3y": "s3ss10n"}],
        "name": "Jo",
        "count": 1,
        "sure": True,
    }
    cleaned = secrecy.cleaned(told)
    assert not [text for text in ("jwt", "123456", "s3ss10n", "k3y") if text in json.dumps(cleaned)]
    assert (cleaned["name"], cleaned["count"], cleaned["sure"]) == ("Jo", 1, True)
    assert cleaned["echo"] == f"Bearer {HIDDEN}"


def test_what_a_template_makes_of_secrets_can_be_shown() -> None:
    what = action(
        method="POST",
        url="https://api.example.com/{{workflow.session}}?k={{secrets.key}}",
        headers={"Authorization": "Bearer {{user.auth_token}}"},
        body={"pin": "{{user.pin}}", "name": "{{user.name}}"},
    )
    shown = filled(what, masked(SCOPE, HIDDEN_KEYS), "tl_1")
    text = f"{shown}"
    assert not [each for each in ("jwt", "s3ss", "k3y", "123456") if each in text]
    assert shown.headers["Authorization"] == f"Bearer {HIDDEN}"
    assert json.loads(shown.body) == {"pin": HIDDEN, "name": "Jo"}


def performed(backend: Backend, *actions: Any) -> tuple[Performance, Any]:
    until_us = backend.clock.monotonic_us() + 22 * SECOND_US
    made = Performance(SCOPE, HIDDEN_KEYS, "call#inv", until_us, backend.sender(), None)  # type: ignore[arg-type]
    return made, made.perform(actions)


def setting(**more: Any) -> SetState:
    return SetState.model_validate({"type": "set_state"} | more)


def test_later_actions_see_what_earlier_ones_saved() -> None:
    backend = Backend(answered(201, {"id": "m-1", "token": "jwt/secret+1"}), answered(200, {}))
    performance, failure = performed(
        backend,
        action(method="POST", save={"meal_id": "id", "session": "token", "echo": "token"}),
        setting(
            values={"step": "{{workflow.step}}", "copy": "{{user.auth_token}}"},
            append={"meals": "{{params.meal}}"},
        ),
        action(url="https://api.example.com/m/{{workflow.meal_id}}", headers={"X-S": "{{workflow.session}}"}),
    )
    assert failure is None
    assert backend.seen[1].url == "https://api.example.com/m/m-1"
    assert backend.seen[1].headers["X-S"] == "jwt/secret+1", "what is kept under a hidden name is kept whole"
    changed = performance.change.on(SCOPE["workflow"])
    assert changed == {
        "meal_id": "m-1",
        "session": "jwt/secret+1",
        "echo": HIDDEN,
        "step": 1,
        "copy": HIDDEN,
        "meals": ["soup"],
    }
    keys = [request.headers["Idempotency-Key"] for request in backend.seen]
    assert len(set(keys)) == 2, "each action has a key of its own"


def test_the_first_action_that_fails_is_the_last() -> None:
    backend = Backend(answered(200, {}), answered(404, {"token": "jwt/secret+1"}), answered(200, {}))
    performance, failure = performed(
        backend, action(), setting(values={"done": True}), action(method="POST"), action()
    )
    assert len(backend.seen) == 2
    assert failure == {
        "type": "unexpected_status",
        "message": "The backend answered 404",
        "may_have_happened": False,
        "http_status": 404,
        "answer": {"token": HIDDEN},
        "action": 2,
    }
    assert [each["status"] for each in performance.done] == ["succeeded", "succeeded", "failed"]
    assert performance.change.on({}) == {"done": True}


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: action(url="https://api.example.com/{{user.missing}}"),
        lambda: action(headers={"X": "{{user.__class__}}"}),
        lambda: action(headers={"X": "{{params.meal}}{{user.nested}}"}),
        lambda: setting(values={"x": "{{workflow.nothing}}"}),
    ],
)
def test_a_value_that_is_not_there_is_an_error_that_names_the_template(wrong: Callable[[], Any]) -> None:
    backend = Backend(OK)
    _, failure = performed(backend, wrong())
    assert failure["type"] == "unknown_value"
    assert "{{" in failure["message"]
    assert backend.seen == []
