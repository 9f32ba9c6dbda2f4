"""Executor of a tool's actions, in order, until one fails."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NotRequired, Protocol

from typing_extensions import TypedDict

from trunkline.templating.size_limits import render_within
from trunkline.templating.templates import Scope, TemplateError, parse, render
from trunkline.tool_runtime.errors import ActionFailed, FailureType, FailureView
from trunkline.tool_runtime.http_action import interpret_response, render_request
from trunkline.tool_runtime.http_retry import RetryingSender
from trunkline.tool_runtime.redaction import SecretRedactor
from trunkline.tools.actions import Action, ApiCall, EndCall, SetState, TransferAgent
from trunkline.workflows.state import StateChange


class CallActionsPort(Protocol):
    """Actions on the call itself; each raises `ActionFailed`."""

    def transfer(self, agent: str) -> str:
        """Transfer the call to an agent; return the agent's name in the call."""

    def end(self, reason: str) -> None:
        """End the call."""


class ActionView(TypedDict):
    """The result of one action; `http_status` and `tries` belong to an `api_call`."""

    type: str
    status: str
    latency_ms: int
    http_status: NotRequired[int]
    tries: NotRequired[int]


@dataclass
class ActionExecutor:
    """One run of a tool's actions, with its results so far.

    `scope` contains the values of the templates, `hidden` the names of secret values. `invocation_key` is
    unique for the invocation; `deadline_us` is monotonic.
    """

    scope: Scope
    hidden: frozenset[str]
    invocation_key: str
    deadline_us: int
    sender: RetryingSender
    call_actions: CallActionsPort
    trace_id: str | None = None
    change: StateChange = field(default_factory=StateChange)
    completed: list[ActionView] = field(default_factory=list)
    result: Any = None

    def run(self, actions: Iterable[Action]) -> FailureView | None:
        """Run actions in order; return the failure of the one that failed, if any."""
        failures = (self.run_action(number, action) for number, action in enumerate(actions))
        failure = next((failure for failure in failures if failure), None)
        if failure and len(self.completed) > 1:
            failure["message"] += f" (action {len(self.completed)}; the actions before it were done)"
        return failure

    def run_action(self, number: int, action: Action) -> FailureView | None:
        """Run one action; return its failure, if any."""
        started_us = self.sender.clock.monotonic_us()
        details: dict[str, Any] = {}
        failure: FailureView | None = None
        try:
            self._run(action, number, details)
        except ActionFailed as error:
            failure = error.view()
        except TemplateError as error:
            failure = ActionFailed(FailureType.UNKNOWN_VALUE, error.message).view()
        if failure:
            failure["action"] = number
        took_ms = (self.sender.clock.monotonic_us() - started_us) // 1000
        status = "failed" if failure else "succeeded"
        shown: ActionView = {"type": action.type, "status": status, "latency_ms": took_ms}
        self.completed.append(shown | details)  # type: ignore[arg-type]
        return failure

    @property
    def redactor(self) -> SecretRedactor:
        """Return the redactor of the secrets in the current scope."""
        return SecretRedactor.of(self.current_scope, self.hidden)

    @property
    def current_scope(self) -> Scope:
        """Return the scope after the actions that were run."""
        state = self.scope.get("workflow") or {}
        return {**self.scope, "workflow": {**state, **self.change.on(state)}}

    def _run(self, action: Action, number: int, details: dict[str, Any]) -> None:
        match action:
            case ApiCall():
                self._send_request(action, number, details)
            case SetState():
                self._set_state(*state_changes_of(action, self.current_scope))
            case TransferAgent():
                name = self.call_actions.transfer(self._render(action.agent))
                self.result = {"transferred_to": name}
            case EndCall():
                self.call_actions.end(
                    self.redactor.redact_text(render(parse(action.reason), self.current_scope))[
                        :_MAX_REASON_LENGTH
                    ]
                )
                self.result = {"ended": True}

    def _render(self, template: str) -> str:
        return self.redactor.redact_text(render(parse(template), self.current_scope))

    def _send_request(self, action: ApiCall, number: int, details: dict[str, Any]) -> None:
        key = idempotency_key_of(self.invocation_key, number)
        request = render_request(action, self.current_scope, key, self.trace_id)
        sent = self.sender.send(action, request, self.deadline_us)
        details |= {"http_status": sent.response.status, "tries": sent.tries}
        interpreted = interpret_response(
            action,
            sent.response,
            self.redactor,
            may_have_happened=sent.may_have_happened,
            secret_keys=self.hidden,
        )
        self._set_state(interpreted.saved, {})
        self.result = interpreted.result

    def _set_state(self, values: Mapping[str, Any], append: Mapping[str, Any]) -> None:
        """Set and append values; those of hidden names are not redacted, because no agent sees them."""
        redactor = self.redactor
        for name in values.keys() & self.hidden:
            redactor = redactor.knowing(values[name])
        new_values = {name: self._redact(name, value, redactor) for name, value in values.items()}
        appended = {name: (self._redact(name, value, redactor),) for name, value in append.items()}
        self.change = self.change.then(StateChange(new_values, appended))

    def _redact(self, name: str, value: Any, redactor: SecretRedactor) -> Any:
        return value if name in self.hidden else redactor.redact(value)


_MAX_REASON_LENGTH = 200
_MAX_CHANGE_BYTES = 128 * 1024


def state_changes_of(action: SetState, scope: Scope) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the values that a `set_state` sets, and those that it appends.

    Raises:
        TemplateError: a value is missing, or the values are too large.
    """
    values = render_within(action.values, scope, _MAX_CHANGE_BYTES, "the change of the state")
    return values, render_within(action.append, scope, _MAX_CHANGE_BYTES, "the change of the state")


def idempotency_key_of(invocation: str, number: int) -> str:
    """Return the Idempotency-Key of an action in an invocation, which is the same for each try."""
    return f"tl_{hashlib.sha256(f'{invocation}#{number}'.encode()).hexdigest()[:40]}"


def template_roots(expressions: Iterator[tuple[str, Any]]) -> frozenset[str]:
    """Return the roots of the paths in templates: the scopes that they need."""
    return frozenset(expression.root for _, expression in expressions)
