"""A tool's actions one after the other: what later ones see, and what stays secret."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.fixtures_tool_backend import OK, SECOND_US, Backend, action, answered
from trunkline.core.redaction import HIDDEN
from trunkline.tool_runtime.executor import ActionExecutor
from trunkline.tool_runtime.http_action import render_request
from trunkline.tool_runtime.redaction import SecretRedactor, redact_values
from trunkline.tools.actions import SetState

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
    redactor = SecretRedactor.of(SCOPE, HIDDEN_KEYS)
    told = {
        "echo": "Bearer jwt/secret+1",
        "quoted": "?t=jwt%2Fsecret%2B1",
        "pin": 123456,
        "list": ["x123456x", {"k3y k3y": "s3ss10n"}],
        "name": "Jo",
        "count": 1,
        "sure": True,
    }
    cleaned = redactor.redact(told)
    assert not [text for text in ("jwt", "123456", "s3ss10n", "k3y") if text in json.dumps(cleaned)]
    assert (cleaned["name"], cleaned["count"], cleaned["sure"]) == ("Jo", 1, True)
    assert cleaned["echo"] == f"Bearer {HIDDEN}"


@pytest.mark.parametrize(
    "echo", ["?t=p%22s+%C3%A9%26", "<t>p&quot;s \u00e9&amp;</t>", 'log: {"t": "p\\"s \u00e9&"}']
)
def test_a_secret_is_found_in_every_form_in_which_it_can_be_sent(echo: str) -> None:
    redactor = SecretRedactor.of({"secrets": {"key": 'p"s \u00e9&'}}, ())
    assert HIDDEN in redactor.redact({"echo": [echo]})["echo"][0]


def test_what_a_template_makes_of_secrets_can_be_shown() -> None:
    what = action(
        method="POST",
        url="https://api.example.com/{{workflow.session}}?k={{secrets.key}}",
        headers={"Authorization": "Bearer {{user.auth_token}}"},
        body={"pin": "{{user.pin}}", "name": "{{user.name}}"},
    )
    shown = render_request(what, redact_values(SCOPE, HIDDEN_KEYS), "tl_1")
    text = f"{shown}"
    assert not [secret for secret in ("jwt", "s3ss", "k3y", "123456") if secret in text]
    assert shown.headers["Authorization"] == f"Bearer {HIDDEN}"
    assert json.loads(shown.body) == {"pin": HIDDEN, "name": "Jo"}


def performed(backend: Backend, *actions: Any) -> tuple[ActionExecutor, Any]:
    until_us = backend.clock.monotonic_us() + 22 * SECOND_US
    made = ActionExecutor(SCOPE, HIDDEN_KEYS, "call#inv", until_us, backend.sender(), None)  # type: ignore[arg-type]
    return made, made.run(actions)


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


@pytest.mark.parametrize("token", ["t0ken-of-the-backend", "7x", 1234, {"a": ["n3sted"]}])
def test_what_a_tool_saves_under_a_secret_key_reaches_no_agent(token: Any) -> None:
    backend = Backend(answered(200, {"session": token, "again": [token], "name": "Jo"}))
    what = action(save={"session": "session", "copy": "session", "name": "name"})
    done, failure = performed(backend, what)
    assert failure is None
    assert done.change.on({})["session"] == token, "tools still have it"
    told = json.dumps([done.result, done.change.on({})["copy"]])
    assert not [secret for secret in ("t0ken", "7x", "1234", "n3sted") if secret in told]
    assert done.result["name"] == "Jo"


@pytest.mark.parametrize("more", [{"expect": {"status": [201]}}, {"expect": {"body": "missing"}}])
def test_a_secret_in_a_response_that_was_not_expected_reaches_no_agent(more: dict[str, Any]) -> None:
    backend = Backend(answered(200, {"session": "t0ken", "padding": "x" * 1950, "tail": "t0ken"}))
    _, failure = performed(backend, action(save={"session": "session"}, **more))
    assert failure["type"] in ("unexpected_status", "unexpected_answer")
    assert "t0k" not in json.dumps(failure), "not even cut off"


def test_the_first_action_that_fails_is_the_last() -> None:
    backend = Backend(answered(200, {}), answered(404, {"token": "jwt/secret+1"}), answered(200, {}))
    performance, failure = performed(
        backend, action(), setting(values={"done": True}), action(method="POST"), action()
    )
    assert len(backend.seen) == 2
    assert failure == {
        "type": "unexpected_status",
        "message": "The backend responded with status 404 (action 3; the actions before it were done)",
        "may_have_happened": False,
        "http_status": 404,
        "answer": {"token": HIDDEN},
        "action": 2,
    }
    assert [action["status"] for action in performance.completed] == ["succeeded", "succeeded", "failed"]
    assert performance.change.on({}) == {"done": True}


def test_a_state_can_not_be_made_to_grow_by_naming_it_often() -> None:
    backend = Backend(OK)
    scope = {"workflow": {"list": [1] * 6000}}
    made = ActionExecutor(scope, HIDDEN_KEYS, "x", 1, backend.sender(), None)  # type: ignore[arg-type]
    failure = made.run([setting(values={"a": ["{{workflow.list}}"] * 4000})])
    assert failure is not None
    assert (failure["type"], "would be larger" in failure["message"]) == ("unknown_value", True)


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
