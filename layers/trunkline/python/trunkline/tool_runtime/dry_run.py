"""Tries a tool without a call: shows the requests it would make, and makes them if that is wished."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import pydantic_core
from pydantic import Field
from typing_extensions import TypedDict

from trunkline.auth.principal import Principal
from trunkline.core.clock import Clock
from trunkline.core.validation import StrictInputModel
from trunkline.templating.templates import Scope, TemplateError, parse, render
from trunkline.tool_runtime.errors import ActionFailed, FailureType, FailureView
from trunkline.tool_runtime.executor import ActionExecutor, ActionView, state_changes_of
from trunkline.tool_runtime.http_action import RenderedRequest, render_request
from trunkline.tool_runtime.http_retry import RetryingSender
from trunkline.tool_runtime.redaction import redact_values
from trunkline.tool_runtime.service import BUDGET_US
from trunkline.tools.actions import Action, ApiCall, EndCall, SetState, StateKey, TransferAgent
from trunkline.tools.parameters import InvalidParams, checked, with_defaults
from trunkline.tools.schemas import ToolConfig, config_of, require_sound
from trunkline.tools.secret_repository import SecretRepository
from trunkline.tools.service import ToolService
from trunkline.workflows.models import ALWAYS_SECRET

_KEY_SHOWN = "(one for each invocation)"


class Trial(StrictInputModel):
    """What a tool is tried with: parameters, and what stands in for a call's context.

    `send`: make the requests, for real. Agents are not sent in and calls not ended.
    """

    messages: ClassVar[dict[str, str]] = {"send": "send must be true or false"}

    params: dict[str, Any] = {}
    user: Annotated[dict[str, Any], Field(description="In place of a user_context.")] = {}
    workflow: Annotated[dict[str, Any], Field(description="In place of a workflow's state.")] = {}
    call: Annotated[dict[str, Any], Field(description="In place of a call's id and so on.")] = {}
    secret_keys: Annotated[list[StateKey], Field(max_length=100)] = []
    send: bool = False


class RequestView(TypedDict):
    """A request as it would be sent, its secrets hidden."""

    method: str
    url: str
    headers: dict[str, str]
    body: Any


class TriedAction(TypedDict):
    """One action: its `request`, if it makes one, or what it would do."""

    type: str
    request: RequestView | None
    does: dict[str, Any]


class TrialView(TypedDict):
    """What a tool would do, and what came of it, if it was sent."""

    tool: str
    version: int
    sent: bool
    status: str
    actions: list[TriedAction]
    done: list[ActionView]
    result: Any
    error: FailureView | None
    state: dict[str, Any]


class _NoCall:
    """There is no call to do anything to; never asked."""

    def transfer(self, agent: str) -> str:
        raise AssertionError(agent)

    def end(self, reason: str) -> None:
        raise AssertionError(reason)


@dataclass(frozen=True)
class ToolDryRunService:
    """Tries tools on their owner's behalf."""

    desk: ToolService
    secrets: SecretRepository
    sender: RetryingSender
    clock: Clock

    def attempt(self, principal: Principal, name: str, wish: Trial, once: str) -> TrialView:
        """Try a tool; `once` tells this trial from every other.

        Raises:
            NotFound: the tenant has none of that name.
        """
        tool = self.desk.require(principal, name)
        config, hidden = config_of(tool), ALWAYS_SECRET | frozenset(wish.secret_keys)
        actions: list[TriedAction] = []
        performance, failure = None, None
        try:
            scope = self._scope(principal, config, wish)
            performance = ActionExecutor(
                scope, hidden, once, self.clock.monotonic_us() + BUDGET_US, self.sender, _NoCall()
            )
            failure = _walk(performance, config, actions, send=wish.send)
        except InvalidParams as error:
            failure = ActionFailed(FailureType.INVALID_PARAMS, str(error)).view()
        except TemplateError as error:
            failure = ActionFailed(FailureType.UNKNOWN_VALUE, error.message).view()
        return {
            "tool": tool.name,
            "version": tool.version,
            "sent": wish.send,
            "status": "failed" if failure else "succeeded",
            "actions": actions,
            "done": performance.done if performance and wish.send else [],
            "result": performance.result if performance and wish.send else None,
            "error": failure,
            "state": _state(performance, hidden),
        }

    def _scope(self, principal: Principal, config: ToolConfig, wish: Trial) -> dict[str, Any]:
        """Secrets are read where they are sent alone."""
        names = require_sound(config)
        secrets = self.secrets.values(principal.tenant_mode, names) if wish.send else dict.fromkeys(names, "")
        scope: dict[str, Any] = {"user": wish.user, "workflow": wish.workflow, "call": wish.call}
        scope["secrets"] = secrets
        given = checked(config.parameters, wish.params)
        return {**scope, "params": with_defaults(config.parameters, given, scope)}


def _walk(
    performance: ActionExecutor, config: ToolConfig, actions: list[TriedAction], *, send: bool
) -> FailureView | None:
    for number, action in enumerate(config.actions):
        try:
            actions.append(_preview(action, redact_values(performance.now, performance.hidden)))
        except TemplateError as error:
            view = ActionFailed(FailureType.UNKNOWN_VALUE, error.message).view()
            view["action"] = number
            return view
        # What is set can be seen by later actions; requests are made for real if that is wished.
        done = isinstance(action, SetState) or (send and isinstance(action, ApiCall))
        if done and (failure := performance.step(number, action)):
            return failure
    return None


def _preview(action: Action, scope: Scope) -> TriedAction:
    does: dict[str, Any] = {}
    request: RequestView | None = None
    match action:
        case ApiCall():
            request = _request_view(render_request(action, scope, _KEY_SHOWN))
        case SetState():
            values, append = state_changes_of(action, scope)
            does = {"values": values, "append": append}
        case TransferAgent():
            does = {"agent": render(parse(action.agent), scope)}
        case EndCall():
            does = {"reason": render(parse(action.reason), scope)}
    return {"type": action.type, "request": request, "does": does}


def _request_view(request: RenderedRequest) -> RequestView:
    return {
        "method": request.method,
        "url": request.url,
        "headers": dict(request.headers),
        "body": _shown(request.body),
    }


def _shown(body: bytes) -> Any:
    """A body as the JSON value it is, or as a text."""
    if not body:
        return None
    try:
        return pydantic_core.from_json(body)
    except ValueError:
        return body.decode(errors="replace")


def _state(performance: ActionExecutor | None, hidden: frozenset[str]) -> dict[str, Any]:
    if performance is None:
        return {}
    changed = performance.change.on(performance.scope.get("workflow") or {})
    return {name: value for name, value in changed.items() if name not in hidden}
