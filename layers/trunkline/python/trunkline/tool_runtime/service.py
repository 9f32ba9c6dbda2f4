"""Use cases of tools in a call: list their definitions and invoke one."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import Field
from typing_extensions import TypedDict

from trunkline.calls.models import Call
from trunkline.calls.repository import CallRepository
from trunkline.calls.user_context_repository import UserContextRepository
from trunkline.core.clock import Clock
from trunkline.core.errors import CallEnded, LimitReached, NotFound, StateTooLarge
from trunkline.core.validation import InputModel
from trunkline.livekit.agent_access import require_current_attempt
from trunkline.livekit.rooms import CallAttemptRef
from trunkline.storage.encryption import context_for_call
from trunkline.storage.idempotency import IdempotencyKey
from trunkline.storage.idempotent_response import IdempotentResponses
from trunkline.storage.keys.calls import invocation_key
from trunkline.templating.templates import TemplateError
from trunkline.tool_runtime.errors import ActionFailed, FailureType, FailureView
from trunkline.tool_runtime.executor import ActionExecutor, ActionView, CallActionsPort, template_roots
from trunkline.tool_runtime.function_definitions import (
    ToolDefinitions,
    all_tools_of,
    definition,
    tools_of,
)
from trunkline.tool_runtime.http_retry import RetryingSender
from trunkline.tool_runtime.recorder import InvocationRecorder
from trunkline.tools.models import Tool
from trunkline.tools.parameters import InvalidParams, validated_params, with_defaults
from trunkline.tools.repository import ToolRepository
from trunkline.tools.schemas import ToolConfig, config_of, require_valid_templates
from trunkline.tools.secret_repository import SecretRepository
from trunkline.workflows.models import Workflow, hidden_keys
from trunkline.workflows.repository import WorkflowRepository
from trunkline.workflows.state_repository import WorkflowStateRepository

BUDGET_US = 22_000_000
"""Time for the actions of an invocation; the rest of 25 s is for recording them."""

_GRACE_AFTER_END_MS = 5 * 60_000
"""Time after the end of a call in which its tools can still be used, to save its last results."""

MAX_CALL_EVENTS = 1000
_MAX_MESSAGE_LENGTH = 500


class Invocation(InputModel):
    """An invocation of a tool; a repeated `invocation_id` runs nothing and returns the same response."""

    messages: ClassVar[dict[str, str]] = {
        "params": "params must be a JSON object",
        "invocation_id": "invocation_id must be 1 to 128 letters, digits, underscores, colons or hyphens",
    }

    params: dict[str, Any] = {}
    invocation_id: Annotated[str | None, Field(pattern=r"^[A-Za-z0-9_:-]{1,128}$")] = None


class InvocationView(TypedDict):
    """The outcome of an invocation: `result` is for the model, `state` has the changes of the state."""

    invocation_id: str
    tool: str
    version: int
    status: str
    result: Any
    error: FailureView | None
    state: dict[str, Any]
    actions: list[ActionView]
    latency_ms: int


@dataclass(frozen=True)
class _InvocationContext:
    """One invocation that is running."""

    call: Call
    workflow: Workflow | None
    claim: CallAttemptRef
    tool: Tool
    config: ToolConfig
    invocation_id: str
    params: Mapping[str, Any]
    deadline_us: int


@dataclass(frozen=True)
class ToolInvocationService:
    """Runs tools for the agent of a call; `claim` comes from the agent's token.

    `call_actions(call, claim, deadline_us)` builds the actions on the call itself; `on_call_loaded` receives
    the call, for the log. What may have been done is reported, and never done again by a repeat.
    """

    calls: CallRepository
    workflows: WorkflowRepository
    tools: ToolRepository
    secrets: SecretRepository
    user_contexts: UserContextRepository
    states: WorkflowStateRepository
    idempotent_responses: IdempotentResponses
    recorder: InvocationRecorder
    sender: RetryingSender
    call_actions: Callable[[Call, CallAttemptRef, int], CallActionsPort]
    clock: Clock
    on_call_loaded: Callable[[Call], None] = lambda _: None

    def definitions(self, claim: CallAttemptRef, agent: str | None = None) -> ToolDefinitions:
        """Return the function definitions of an agent's tools, by default of the call's first agent.

        Raises:
            NotFound: there is no such call, or the call has no such agent.
            StaleAttempt: the agent's attempt is not the call's current one.
        """
        call, workflow = self._call(claim)
        found = (self._tool(call, name) for name in tools_of(call, workflow, agent))
        return {"data": [definition(tool) for tool in found if tool]}

    def invoke(self, claim: CallAttemptRef, name: str, invocation: Invocation) -> InvocationView:
        """Run a tool.

        Raises:
            NotFound: there is no such call, or the call has no such tool.
            StaleAttempt: the agent's attempt is not the call's current one.
            CallEnded: the call ended too long ago.
            LimitReached: the call has reached its number of events.
            IdempotencyConflict, IdempotencyInProgress, OutcomeUnknown: for a repeated `invocation_id`.
        """
        deadline_us = self.clock.monotonic_us() + BUDGET_US
        call, workflow = self._call(claim)
        if call.ended_at_ms is not None and self.clock.wall_ms() > call.ended_at_ms + _GRACE_AFTER_END_MS:
            raise CallEnded
        if call.sequence > MAX_CALL_EVENTS:
            raise LimitReached(f"The call has {MAX_CALL_EVENTS} events: it cannot use more tools")
        tool = self._tool(call, name) if name in all_tools_of(call, workflow) else None
        if tool is None:
            raise NotFound("Tool not found")
        invocation_id = invocation.invocation_id or f"inv_{uuid.uuid4().hex}"
        key = IdempotencyKey(invocation_key(call.id, invocation_id), _fingerprint(name, invocation.params))
        context = _InvocationContext(
            call, workflow, claim, tool, config_of(tool), invocation_id, invocation.params, deadline_us
        )

        encryption_context = context_for_call(call.tenant_id, call.id)
        answered = self.idempotent_responses.run_for(
            key, encryption_context, lambda: self._run(context), (Exception,)
        )
        view: InvocationView = answered.body
        return view

    def _call(self, claim: CallAttemptRef) -> tuple[Call, Workflow | None]:
        call = self.calls.load(claim.call_id)
        if call:
            self.on_call_loaded(call)
        call = require_current_attempt(call, claim)
        ref = call.workflow
        workflow = self.workflows.version(call.tenant_id, ref.slug, ref.version) if ref else None
        return call, workflow

    def _tool(self, call: Call, name: str) -> Tool | None:
        """Load the version that was current when the call was accepted."""
        return self.tools.as_of(call.tenant_id, name, call.created_at_ms)

    def _run(self, context: _InvocationContext) -> InvocationView:
        started_us = self.clock.monotonic_us()
        hidden = hidden_keys(context.workflow)
        executor, failure, state = None, None, {}
        try:
            executor = self._executor(context, hidden)
            failure = executor.run(context.config.actions)
            state = self._save_state(context.call, executor, hidden)
        except InvalidParams as error:
            failure = ActionFailed(FailureType.INVALID_PARAMS, str(error)).view()
        except TemplateError as error:
            failure = ActionFailed(FailureType.UNKNOWN_VALUE, error.message).view()
        except StateTooLarge as error:
            too_large = ActionFailed(FailureType.STATE_TOO_LARGE, error.message, may_have_happened=True)
            failure = failure or too_large.view()
        view: InvocationView = {
            "invocation_id": context.invocation_id,
            "tool": context.tool.name,
            "version": context.tool.version,
            "status": "failed" if failure else "succeeded",
            "result": executor.result if executor and not failure else None,
            "error": failure,
            "state": state,
            "actions": executor.completed if executor else [],
            "latency_ms": (self.clock.monotonic_us() - started_us) // 1000,
        }
        self._record(context, view, executor)
        return view

    def _executor(self, context: _InvocationContext, hidden: frozenset[str]) -> ActionExecutor:
        params = validated_params(context.config.parameters, context.params)
        scope = self._scope(context)
        params = with_defaults(context.config.parameters, params, scope)
        return ActionExecutor(
            scope={**scope, "params": params},
            hidden=hidden,
            invocation_key=f"{context.call.id}#{context.invocation_id}",
            deadline_us=context.deadline_us,
            sender=self.sender,
            call_actions=self.call_actions(context.call, context.claim, context.deadline_us),
            trace_id=context.call.trace_id,
        )

    def _scope(self, context: _InvocationContext) -> dict[str, Any]:
        """Load the values that the tool's templates use: each costs a read and a Decrypt.

        A tool with requests needs all that is secret in this call, to hide it: its backend may know a secret
        from another tool, and echo it.
        """
        call, roots = context.call, template_roots(context.config.expressions())
        scope: dict[str, Any] = {"call": call_values(call)}
        has_requests = any(context.config.requests)
        if has_requests or "user" in roots:
            scope["user"] = self.user_contexts.get(call)
        if has_requests or "workflow" in roots or context.config.appends:
            scope["workflow"] = self.states.load(call).values
        if "secrets" in roots:
            scope["secrets"] = self.secrets.values(call.tenant_id, require_valid_templates(context.config))
        return scope

    def _save_state(self, call: Call, executor: ActionExecutor, hidden: frozenset[str]) -> dict[str, Any]:
        """Save the changes of the state, also if a later action failed; return those that are not hidden."""
        change = executor.change
        if not change:
            return {}
        after = self.states.change(call, lambda state: state.after_tool(change))
        values = after.values if after else {}
        return {name: values[name] for name in change.names if name in values and name not in hidden}

    def _record(
        self, context: _InvocationContext, view: InvocationView, executor: ActionExecutor | None
    ) -> None:
        details: dict[str, Any] = {
            name: view[name] for name in ("tool", "version", "latency_ms", "invocation_id")
        }
        details["outcome"] = view["status"]
        if view["error"]:
            details |= {
                "error": view["error"]["type"],
                "message": view["error"]["message"][:_MAX_MESSAGE_LENGTH],
            }
            if "http_status" in view["error"]:
                details["http_status"] = view["error"]["http_status"]
        payloads = None
        if context.tool.record_bodies:
            answer = view["error"].get("answer") if view["error"] else None
            shown = {"params": dict(context.params), "result": view["result"], "answer": answer}
            payloads = executor.redactor.redact(shown) if executor else shown
        self.recorder.record(context.call, details, payloads)


def call_values(call: Call) -> dict[str, Any]:
    """Return the values of `{{call.…}}`."""
    return {
        "id": call.id,
        "channel": call.channel.value,
        "user_id": call.user_id,
        "phone_number": call.phone_number or None,
        "caller_id": call.caller_id or None,
        "workflow_slug": call.workflow.slug if call.workflow else None,
        "metadata": json.loads(call.metadata_json),
    }


def _fingerprint(name: str, params: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps([name, params], sort_keys=True).encode()).hexdigest()
