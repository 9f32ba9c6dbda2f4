"""Performs a tool's actions, one after the other; the first that fails is the last."""

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


class CallEffectsPort(Protocol):
    """What tools do to the call itself; each raises `ActionFailed`."""

    def transfer(self, agent: str) -> str:
        """Send an agent in by its name; returns the name as the call has it."""

    def end(self, reason: str) -> None:
        """End the call."""


class ActionView(TypedDict):
    """What came of one action; `http_status` and `tries` are an `api_call`'s."""

    type: str
    status: str
    latency_ms: int
    http_status: NotRequired[int]
    tries: NotRequired[int]


@dataclass
class ActionExecutor:
    """One run of a tool's actions: what it knows, and what has come of it so far.

    `scope` is what templates see, `hidden` the names whose values are secret, `once` tells this invocation
    from every other, `until_us` is when it must be over (monotonic).
    """

    scope: Scope
    hidden: frozenset[str]
    once: str
    until_us: int
    sender: RetryingSender
    effects: CallEffectsPort
    change: StateChange = field(default_factory=StateChange)
    done: list[ActionView] = field(default_factory=list)
    result: Any = None

    def perform(self, actions: Iterable[Action]) -> FailureView | None:
        """Perform actions; returns why one failed, if one did."""
        failures = (self.step(number, action) for number, action in enumerate(actions))
        failure = next((each for each in failures if each), None)
        if failure and len(self.done) > 1:
            failure["message"] += f" (action {len(self.done)}; what comes before it was done)"
        return failure

    def step(self, number: int, action: Action) -> FailureView | None:
        """Perform one action; returns why it failed, if it did."""
        began_us = self.sender.clock.monotonic_us()
        told: dict[str, Any] = {}
        failure: FailureView | None = None
        try:
            self._do(action, number, told)
        except ActionFailed as error:
            failure = error.view()
        except TemplateError as error:
            failure = ActionFailed(FailureType.UNKNOWN_VALUE, error.message).view()
        if failure:
            failure["action"] = number
        took_ms = (self.sender.clock.monotonic_us() - began_us) // 1000
        status = "failed" if failure else "succeeded"
        shown: ActionView = {"type": action.type, "status": status, "latency_ms": took_ms}
        self.done.append(shown | told)  # type: ignore[arg-type]
        return failure

    @property
    def secrecy(self) -> SecretRedactor:
        """What may not be told of what is known now."""
        return SecretRedactor.of(self.now, self.hidden)

    @property
    def now(self) -> Scope:
        """What templates see after the actions that are done."""
        state = self.scope.get("workflow") or {}
        return {**self.scope, "workflow": {**state, **self.change.on(state)}}

    def _do(self, action: Action, number: int, told: dict[str, Any]) -> None:
        match action:
            case ApiCall():
                self._call(action, number, told)
            case SetState():
                self._set(*state_changes_of(action, self.now))
            case TransferAgent():
                name = self.secrecy.text(render(parse(action.agent), self.now))
                self.result = {"transferred_to": self.effects.transfer(name)}
            case EndCall():
                self.effects.end(self.secrecy.text(render(parse(action.reason), self.now))[:_MAX_REASON])
                self.result = {"ended": True}

    def _call(self, action: ApiCall, number: int, told: dict[str, Any]) -> None:
        request = render_request(action, self.now, idempotency_key_of(self.once, number))
        sent = self.sender.carry(action, request, self.until_us)
        told |= {"http_status": sent.answer.status, "tries": sent.tries}
        secrecy = self.secrecy
        answer = interpret_response(action, sent.answer, secrecy, doubtful=sent.doubtful)
        self._set(answer.saved, {})
        self.result = answer.result

    def _set(self, values: Mapping[str, Any], append: Mapping[str, Any]) -> None:
        """What goes under a hidden name is kept as it is: no agent sees it."""
        secrecy = self.secrecy
        kept = {name: self._kept(name, each, secrecy) for name, each in values.items()}
        added = {name: (self._kept(name, each, secrecy),) for name, each in append.items()}
        self.change = self.change.then(StateChange(kept, added))

    def _kept(self, name: str, value: Any, secrecy: SecretRedactor) -> Any:
        return value if name in self.hidden else secrecy.cleaned(value)


_MAX_REASON = 200
_MAX_CHANGE = 128 * 1024


def state_changes_of(action: SetState, scope: Scope) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a `set_state` sets, and what it appends.

    Raises:
        TemplateError: a value is missing, or they are too large.
    """
    values = render_within(action.values, scope, _MAX_CHANGE, "the change of the state")
    return values, render_within(action.append, scope, _MAX_CHANGE, "the change of the state")


def idempotency_key_of(invocation: str, number: int) -> str:
    """The Idempotency-Key of one action of one invocation: the same at each try."""
    return f"tl_{hashlib.sha256(f'{invocation}#{number}'.encode()).hexdigest()[:40]}"


def template_roots(expressions: Iterator[tuple[str, Any]]) -> frozenset[str]:
    """What templates ask for: the roots of their paths."""
    return frozenset(expression.root for _, expression in expressions)
