"""An agent's use of a tool in its call."""

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
from trunkline.core.validation import StrictInputModel
from trunkline.livekit.agent_access import require_current_attempt
from trunkline.livekit.rooms import CallAttemptRef
from trunkline.storage.encryption import context_for_call
from trunkline.storage.idempotency import IdempotencyKey
from trunkline.storage.idempotent_response import IdempotentResponses
from trunkline.storage.keys.calls import invocation_key
from trunkline.templating.templates import TemplateError
from trunkline.tool_runtime.errors import ActionFailed, FailureType, FailureView
from trunkline.tool_runtime.executor import ActionExecutor, ActionView, CallEffectsPort, template_roots
from trunkline.tool_runtime.function_definitions import (
    ToolDefinitions,
    all_tools_of,
    definition,
    tools_of,
)
from trunkline.tool_runtime.http_retry import RetryingSender
from trunkline.tool_runtime.recorder import InvocationRecorder
from trunkline.tools.models import Tool
from trunkline.tools.parameters import InvalidParams, checked, with_defaults
from trunkline.tools.repository import ToolRepository
from trunkline.tools.schemas import ToolConfig, config_of, require_sound
from trunkline.tools.secret_repository import SecretRepository
from trunkline.workflows.models import Workflow, hidden_keys
from trunkline.workflows.repository import WorkflowRepository
from trunkline.workflows.state_repository import WorkflowStateRepository

BUDGET_US = 22_000_000
"""Requests end by then; what is left of 25 s is for telling of them."""

_LATE_MS = 5 * 60_000
"""How long after the end of its call a tool may still be used: to note what was said last."""


MAX_STORY = 1000
_MAX_MESSAGE = 500


class Invocation(StrictInputModel):
    """What an agent wants done; the same `invocation_id` again does nothing and gets the same answer."""

    messages: ClassVar[dict[str, str]] = {
        "params": "params must be a JSON object",
        "invocation_id": "invocation_id must be 1 to 128 letters, digits, underscores, colons or hyphens",
    }

    params: dict[str, Any] = {}
    invocation_id: Annotated[str | None, Field(pattern=r"^[A-Za-z0-9_:-]{1,128}$")] = None


class InvocationView(TypedDict):
    """What came of an invocation: `result` is for the model, `state` what changed in the workflow's state."""

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
    """One invocation that is being carried out."""

    call: Call
    workflow: Workflow | None
    claim: CallAttemptRef
    tool: Tool
    config: ToolConfig
    invocation_id: str
    params: Mapping[str, Any]
    until_us: int


@dataclass(frozen=True)
class ToolInvocationService:
    """Tools for one agent in its call; `claim` is what its token proves.

    `effects(call, claim, until_us)` is what tools do to the call itself; `noted` is told which call it is.
    Unsure means tell: what may have been done is not done again by a repeat.
    """

    calls: CallRepository
    workflows: WorkflowRepository
    tools: ToolRepository
    secrets: SecretRepository
    people: UserContextRepository
    states: WorkflowStateRepository
    remembered: IdempotentResponses
    recorder: InvocationRecorder
    sender: RetryingSender
    effects: Callable[[Call, CallAttemptRef, int], CallEffectsPort]
    clock: Clock
    noted: Callable[[Call], None] = lambda _: None

    def definitions(self, claim: CallAttemptRef, agent: str | None = None) -> ToolDefinitions:
        """The tools of an agent of the call, by default of the one it was made with, for its model.

        Raises:
            NotFound: there is no such call, or no such agent in it.
            StaleAttempt: the agent's attempt is not the call's present one.
        """
        call, workflow = self._call(claim)
        found = (self._tool(call, name) for name in tools_of(call, workflow, agent))
        return {"data": [definition(tool) for tool in found if tool]}

    def invoke(self, claim: CallAttemptRef, name: str, wish: Invocation) -> InvocationView:
        """Do what a tool does.

        Raises:
            NotFound: there is no such call, or it has no such tool.
            StaleAttempt: the agent's attempt is not the call's present one.
            CallEnded: the call ended too long ago.
            LimitReached: an agent went round and round: the call's story is full.
            IdempotencyConflict, IdempotencyInProgress, OutcomeUnknown: of a repeated `invocation_id`.
        """
        until_us = self.clock.monotonic_us() + BUDGET_US
        call, workflow = self._call(claim)
        if call.ended_at_ms is not None and self.clock.wall_ms() > call.ended_at_ms + _LATE_MS:
            raise CallEnded
        if call.sequence > MAX_STORY:
            raise LimitReached(f"The call's story has {MAX_STORY} entries: no more tools in this call")
        tool = self._tool(call, name) if name in all_tools_of(call, workflow) else None
        if tool is None:
            raise NotFound("Tool not found")
        invocation_id = wish.invocation_id or f"inv_{uuid.uuid4().hex}"
        once = IdempotencyKey(invocation_key(call.id, invocation_id), _fingerprint(name, wish.params))

        use = _InvocationContext(
            call, workflow, claim, tool, config_of(tool), invocation_id, wish.params, until_us
        )

        owner = context_for_call(call.tenant_id, call.id)
        answered = self.remembered.run_for(once, owner, lambda: self._used(use), (Exception,))
        view: InvocationView = answered.body
        return view

    def _call(self, claim: CallAttemptRef) -> tuple[Call, Workflow | None]:
        call = self.calls.load(claim.call_id)
        if call:
            self.noted(call)
        call = require_current_attempt(call, claim)
        kept = call.workflow
        workflow = self.workflows.version(call.tenant_id, kept.slug, kept.version) if kept else None
        return call, workflow

    def _tool(self, call: Call, name: str) -> Tool | None:
        """The version that was current when the call was accepted: a change reaches the next calls."""
        return self.tools.as_of(call.tenant_id, name, call.created_at_ms)

    def _used(self, use: _InvocationContext) -> InvocationView:
        began_us = self.clock.monotonic_us()
        hidden = hidden_keys(use.workflow)
        performance, failure, state = None, None, {}
        try:
            performance = self._performance(use, hidden)
            failure = performance.perform(use.config.actions)
            state = self._saved(use.call, performance, hidden)
        except InvalidParams as error:
            failure = ActionFailed(FailureType.INVALID_PARAMS, str(error)).view()
        except TemplateError as error:
            failure = ActionFailed(FailureType.UNKNOWN_VALUE, error.message).view()
        except StateTooLarge as error:
            happened = {"may_have_happened": True}
            failure = failure or ActionFailed(FailureType.STATE_TOO_LARGE, error.message, **happened).view()
        view: InvocationView = {
            "invocation_id": use.invocation_id,
            "tool": use.tool.name,
            "version": use.tool.version,
            "status": "failed" if failure else "succeeded",
            "result": performance.result if performance and not failure else None,
            "error": failure,
            "state": state,
            "actions": performance.done if performance else [],
            "latency_ms": (self.clock.monotonic_us() - began_us) // 1000,
        }
        self._note(use, view, performance)
        return view

    def _performance(self, use: _InvocationContext, hidden: frozenset[str]) -> ActionExecutor:
        given = checked(use.config.parameters, use.params)
        scope = self._scope(use)
        params = with_defaults(use.config.parameters, given, scope)
        return ActionExecutor(
            scope={**scope, "params": params},
            hidden=hidden,
            once=f"{use.call.id}#{use.invocation_id}",
            until_us=use.until_us,
            sender=self.sender,
            effects=self.effects(use.call, use.claim, use.until_us),
        )

    def _scope(self, use: _InvocationContext) -> dict[str, Any]:
        """What the tool's templates ask for, and nothing else: each costs a read and a Decrypt."""
        call, roots = use.call, template_roots(use.config.expressions())
        scope: dict[str, Any] = {"call": call_values(call)}
        if "user" in roots:
            scope["user"] = self.people.get(call)
        if "workflow" in roots or use.config.appends:
            scope["workflow"] = self.states.load(call).values
        if "secrets" in roots:
            scope["secrets"] = self.secrets.values(call.tenant_id, require_sound(use.config))
        return scope

    def _saved(self, call: Call, performance: ActionExecutor, hidden: frozenset[str]) -> dict[str, Any]:
        """Write what the actions did to the workflow's state, though a later one failed; what an agent may
        know of it."""
        change = performance.change
        if not change:
            return {}
        after = self.states.change(call, lambda state: state.after_tool(change))
        values = after.values if after else {}
        return {name: values[name] for name in change.names if name in values and name not in hidden}

    def _note(
        self, use: _InvocationContext, view: InvocationView, performance: ActionExecutor | None
    ) -> None:
        told: dict[str, Any] = {
            name: view[name] for name in ("tool", "version", "latency_ms", "invocation_id")
        }
        told["outcome"] = view["status"]
        if view["error"]:
            told |= {"error": view["error"]["type"], "message": view["error"]["message"][:_MAX_MESSAGE]}
            if "http_status" in view["error"]:
                told["http_status"] = view["error"]["http_status"]
        bodies = None
        if use.tool.record_bodies:
            answer = view["error"].get("answer") if view["error"] else None
            said = {"params": dict(use.params), "result": view["result"], "answer": answer}
            bodies = performance.secrecy.cleaned(said) if performance else said
        self.recorder.note(use.call, told, bodies)


def call_values(call: Call) -> dict[str, Any]:
    """What `{{call.…}}` can name."""
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
