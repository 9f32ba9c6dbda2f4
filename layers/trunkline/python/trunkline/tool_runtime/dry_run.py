"""Dry run of a tool without a call: shows the requests that it would make, and can send them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import Field
from typing_extensions import TypedDict

from trunkline.auth.principal import Principal
from trunkline.core.clock import Clock
from trunkline.core.json_text import parse_json
from trunkline.core.validation import InputModel
from trunkline.templating.templates import Scope, TemplateError, parse, render
from trunkline.tool_runtime.errors import ActionFailed, FailureType, FailureView
from trunkline.tool_runtime.executor import ActionExecutor, ActionView, state_changes_of
from trunkline.tool_runtime.http_action import RenderedRequest, render_request
from trunkline.tool_runtime.http_retry import RetryingSender
from trunkline.tool_runtime.redaction import redact_values
from trunkline.tool_runtime.service import BUDGET_US
from trunkline.tools.actions import Action, ApiCall, EndCall, SetState, StateKey, TransferAgent
from trunkline.tools.parameters import InvalidParams, validated_params, with_defaults
from trunkline.tools.schemas import ToolConfig, config_of, require_valid_templates
from trunkline.tools.secret_repository import SecretRepository
from trunkline.tools.service import ToolService
from trunkline.workflows.models import ALWAYS_SECRET

_IDEMPOTENCY_KEY_PLACEHOLDER = "(one for each invocation)"


class Trial(InputModel):
    """The parameters of a dry run, and values in place of a call's context.

    If `send` is true, the requests are sent. Agents are not dispatched and calls not ended.
    """

    messages: ClassVar[dict[str, str]] = {"send": "send must be true or false"}

    params: dict[str, Any] = {}
    user: Annotated[dict[str, Any], Field(description="In place of a user_context.")] = {}
    workflow: Annotated[dict[str, Any], Field(description="In place of a workflow's state.")] = {}
    call: Annotated[dict[str, Any], Field(description="In place of a call's id and so on.")] = {}
    secret_keys: Annotated[list[StateKey], Field(max_length=100)] = []
    send: bool = False


class RequestView(TypedDict):
    """A request as it would be sent, with hidden secrets."""

    method: str
    url: str
    headers: dict[str, str]
    body: Any


class TriedAction(TypedDict):
    """One action: its `request`, if it makes one, or else its effect in `does`."""

    type: str
    request: RequestView | None
    does: dict[str, Any]


class TrialView(TypedDict):
    """The actions of a tool, and their results if the requests were sent."""

    tool: str
    version: int
    sent: bool
    status: str
    actions: list[TriedAction]
    done: list[ActionView]
    result: Any
    error: FailureView | None
    state: dict[str, Any]


class _NoCallActions:
    """Actions on a call, which a dry run never runs."""

    def transfer(self, agent: str) -> str:
        raise AssertionError(agent)

    def end(self, reason: str) -> None:
        raise AssertionError(reason)


@dataclass(frozen=True)
class ToolDryRunService:
    """Runs tools without a call."""

    tools: ToolService
    secrets: SecretRepository
    sender: RetryingSender
    clock: Clock

    def run(self, principal: Principal, name: str, trial: Trial, invocation_key: str) -> TrialView:
        """Run a tool; the Idempotency-Keys of its requests are derived from `invocation_key`.

        Raises:
            NotFound: the tenant has no such tool.
        """
        tool = self.tools.require(principal, name)
        config, hidden = config_of(tool), ALWAYS_SECRET | frozenset(trial.secret_keys)
        actions: list[TriedAction] = []
        executor, failure = None, None
        try:
            scope = self._scope(principal, config, trial)
            executor = ActionExecutor(
                scope,
                hidden,
                invocation_key,
                self.clock.monotonic_us() + BUDGET_US,
                self.sender,
                _NoCallActions(),
            )
            failure = _run_actions(executor, config, actions, send=trial.send)
        except InvalidParams as error:
            failure = ActionFailed(FailureType.INVALID_PARAMS, str(error)).view()
        except TemplateError as error:
            failure = ActionFailed(FailureType.UNKNOWN_VALUE, error.message).view()
        return {
            "tool": tool.name,
            "version": tool.version,
            "sent": trial.send,
            "status": "failed" if failure else "succeeded",
            "actions": actions,
            "done": executor.completed if executor and trial.send else [],
            "result": executor.result if executor and trial.send else None,
            "error": failure,
            "state": _state(executor, hidden),
        }

    def _scope(self, principal: Principal, config: ToolConfig, trial: Trial) -> dict[str, Any]:
        """Build the scope of the templates; secrets are read only if they are sent."""
        names = require_valid_templates(config)
        secrets = (
            self.secrets.values(principal.tenant_mode, names) if trial.send else dict.fromkeys(names, "")
        )
        scope: dict[str, Any] = {"user": trial.user, "workflow": trial.workflow, "call": trial.call}
        scope["secrets"] = secrets
        given = validated_params(config.parameters, trial.params)
        return {**scope, "params": with_defaults(config.parameters, given, scope)}


def _run_actions(
    executor: ActionExecutor, config: ToolConfig, actions: list[TriedAction], *, send: bool
) -> FailureView | None:
    for number, action in enumerate(config.actions):
        try:
            actions.append(_preview(action, redact_values(executor.current_scope, executor.hidden)))
        except TemplateError as error:
            view = ActionFailed(FailureType.UNKNOWN_VALUE, error.message).view()
            view["action"] = number
            return view
        # Later actions see the state that is set; requests are sent only on demand.
        is_run = isinstance(action, SetState) or (send and isinstance(action, ApiCall))
        if is_run and (failure := executor.run_action(number, action)):
            return failure
    return None


def _preview(action: Action, scope: Scope) -> TriedAction:
    does: dict[str, Any] = {}
    request: RequestView | None = None
    match action:
        case ApiCall():
            request = _request_view(render_request(action, scope, _IDEMPOTENCY_KEY_PLACEHOLDER))
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
        "body": _parse_body(request.body),
    }


def _parse_body(body: bytes) -> Any:
    """Return a body as its JSON value, or as text."""
    if not body:
        return None
    try:
        return parse_json(body)
    except ValueError:
        return body.decode(errors="replace")


def _state(executor: ActionExecutor | None, hidden: frozenset[str]) -> dict[str, Any]:
    if executor is None:
        return {}
    changed = executor.change.on(executor.scope.get("workflow") or {})
    return {name: value for name, value in changed.items() if name not in hidden}
