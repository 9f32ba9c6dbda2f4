"""What a client may say about a workflow, and how a stored one is shown."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator
from typing_extensions import TypedDict

from trunkline.calls.calling_policy_schemas import (
    REDIAL_MESSAGE,
    WINDOW_MESSAGE,
    RedialSpec,
    RedialView,
    WindowSpec,
    WindowView,
    redial_view,
    window_view,
)
from trunkline.calls.value_objects import Channel
from trunkline.core.json_text import json_bytes, json_text
from trunkline.core.timestamps import iso_from_ms
from trunkline.core.validation import Bounded, InputModel, ToolName
from trunkline.workflows.join_window import DEFAULT_JOIN_WINDOW_S, JoinWindow
from trunkline.workflows.models import Workflow

SLUG = r"^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$"
MAX_INITIAL_VARIABLES_BYTES = 16 * 1024
Slug = Annotated[str, Field(pattern=SLUG)]
AgentName = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]*$")]
ContextKey = Annotated[str, Field(min_length=1, max_length=100)]


class WorkflowSpec(InputModel):
    """A workflow: who talks, over which channel, with what at hand.

    `entry_agent` and `agents` name agents of yours. Keys of the `user_context` in `secret_keys` (and
    always `auth_token`) are for tools alone and never reach an agent.
    """

    messages: ClassVar[dict[str, str]] = {
        "slug": "slug must be 1 to 64 lower-case letters, digits and hyphens",
        "channel": 'channel must be "web" or "phone"',
        "redial": REDIAL_MESSAGE,
        "calling_window": WINDOW_MESSAGE,
        "variables": f"variables must be an object of at most {MAX_INITIAL_VARIABLES_BYTES} bytes",
    }

    slug: Slug
    name: Annotated[str, Field(max_length=200)] = ""
    description: Annotated[str, Field(max_length=2000)] = ""
    channel: Literal["web", "phone"] = "web"
    entry_agent: Annotated[AgentName, Field(description="The name of the agent that begins.")]
    agents: Annotated[list[AgentName], Field(max_length=50, description="Others who may take over.")] = []
    tools: Annotated[list[ToolName], Field(max_length=100)] = []
    variables: Annotated[dict[str, Any], Field(description="The workflow variables at first.")] = {}
    secret_keys: Annotated[list[ContextKey], Field(max_length=100)] = []
    redial: Annotated[RedialSpec | None, Field(description="Default: the entry agent's.")] = None
    calling_window: Annotated[WindowSpec | None, Field(description="Default: the entry agent's.")] = None
    priority: Annotated[int, Bounded(0, 10), Field(description="0 is dialled first.")] = 5
    join_window_s: JoinWindow = DEFAULT_JOIN_WINDOW_S

    @field_validator("variables")
    @classmethod
    def _bounded(cls, value: dict[str, Any]) -> dict[str, Any]:
        if json_bytes(value) > MAX_INITIAL_VARIABLES_BYTES:
            raise ValueError("variables are too large")
        return value

    def workflow(self, tenant_id: str, now_ms: int, before: Workflow | None) -> Workflow:
        """Make the version after `before`, or the first."""
        return Workflow(
            tenant_id=tenant_id,
            slug=self.slug,
            version=before.version + 1 if before else 1,
            name=self.name or self.slug,
            description=self.description,
            channel=Channel(self.channel),
            entry_agent=self.entry_agent,
            agents=tuple(self.agents),
            tools=tuple(self.tools),
            variables_json=json_text(self.variables),
            secret_keys=tuple(self.secret_keys),
            redial=self.redial.policy() if self.redial else None,
            window=self.calling_window.window(()) if self.calling_window else None,
            priority=self.priority,
            join_window_s=self.join_window_s,
            created_at_ms=before.created_at_ms if before and not before.deleted else now_ms,
            updated_at_ms=now_ms,
        )


class WorkflowView(TypedDict):
    """A workflow; each change makes a new version, and calls keep the one they started with."""

    slug: str
    version: int
    name: str
    description: str
    channel: str
    entry_agent: str
    agents: list[str]
    tools: list[str]
    variables: dict[str, Any]
    secret_keys: list[str]
    redial: RedialView | None
    calling_window: WindowView | None
    priority: int
    join_window_s: int
    created_at: str
    updated_at: str


class WorkflowList(TypedDict):
    data: list[WorkflowView]
    next_cursor: str | None


def workflow_view(workflow: Workflow) -> WorkflowView:
    return {
        "slug": workflow.slug,
        "version": workflow.version,
        "name": workflow.name,
        "description": workflow.description,
        "channel": workflow.channel.value,
        "entry_agent": workflow.entry_agent,
        "agents": list(workflow.agents),
        "tools": list(workflow.tools),
        "variables": workflow.variables,
        "secret_keys": list(workflow.secret_keys),
        "redial": redial_view(workflow.redial),
        "calling_window": window_view(workflow.window),
        "priority": workflow.priority,
        "join_window_s": workflow.join_window_s,
        "created_at": iso_from_ms(workflow.created_at_ms),
        "updated_at": iso_from_ms(workflow.updated_at_ms),
    }
