"""Requests and response of calls by workflow and of test calls with one agent."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field
from typing_extensions import TypedDict

from trunkline.calls.calling_policy_schemas import (
    EXPIRY_MESSAGE,
    REDIAL_MESSAGE,
    WINDOW_MESSAGE,
    RedialSpec,
    WindowSpec,
)
from trunkline.core.field_types import SPEED_MESSAGE, Moment, Number, TestSpeed
from trunkline.core.json_text import json_bytes
from trunkline.core.metadata import METADATA_MESSAGE, Metadata
from trunkline.core.validation import InputModel

MAX_CONTEXT_BYTES = 64 * 1024
_CONTEXT_MESSAGE = f"user_context must be a JSON object of at most {MAX_CONTEXT_BYTES} bytes"
_USER_MESSAGE = "user_id must be 1 to 200 characters"
PHONE_ONLY_FIELDS = ("priority", "redial", "calling_window", "expires_at", "caller_id")


def _bounded(value: dict[str, Any]) -> dict[str, Any]:
    if json_bytes(value) > MAX_CONTEXT_BYTES:
        raise ValueError("user_context is too large")
    return value


UserContext = Annotated[
    dict[str, Any],
    AfterValidator(_bounded),
    Field(description="What agent and tools may know of the person; encrypted, and never shown again."),
]
UserId = Annotated[str, Field(min_length=1, max_length=200)]


class WorkflowCall(InputModel):
    """The body of `POST /api/v1/calls`; the fields from `priority` on are for phone workflows.

    A phone workflow rings `user_context.phone`.
    """

    messages: ClassVar[dict[str, str]] = {
        "workflow_slug": "workflow_slug must be 1 to 64 characters",
        "user_id": _USER_MESSAGE,
        "user_context": _CONTEXT_MESSAGE,
        "metadata": METADATA_MESSAGE,
        "priority": "Priority must be an integer between 0 and 10",
        "caller_id": "Caller ID must be in E.164 format (+1234567890)",
        "redial": REDIAL_MESSAGE,
        "calling_window": WINDOW_MESSAGE,
        "expires_at": f"expires_at {EXPIRY_MESSAGE}",
        "test_speed": f"test_speed {SPEED_MESSAGE}",
    }

    workflow_slug: Annotated[str, Field(min_length=1, max_length=64)]
    user_id: UserId
    user_context: UserContext = {}
    metadata: Metadata = {}
    priority: Annotated[int | None, Field(ge=0, le=10, description="Default: the workflow's.")] = None
    caller_id: Annotated[Number | None, Field(description="One of the trunk's numbers.")] = None
    redial: Annotated[RedialSpec | None, Field(description="Default: the workflow's.")] = None
    calling_window: Annotated[WindowSpec | None, Field(description="Default: the workflow's.")] = None
    expires_at: Annotated[Moment | None, Field(description="No attempt begins after it.")] = None
    test_speed: TestSpeed | None = None


class TestAgentCall(InputModel):
    """The body of `POST /api/v1/calls/test-agent`: one of your agents, by its name."""

    __test__ = False
    messages: ClassVar[dict[str, str]] = {
        "user_id": _USER_MESSAGE,
        "user_context": _CONTEXT_MESSAGE,
        "metadata": METADATA_MESSAGE,
        "test_speed": f"test_speed {SPEED_MESSAGE}",
    }

    agent_name: Annotated[str, Field(min_length=1, max_length=100)]
    user_id: UserId
    user_context: UserContext = {}
    metadata: Metadata = {}
    test_speed: TestSpeed | None = None


class PhoneFields(InputModel):
    """The number that a phone workflow rings, from `user_context`."""

    messages: ClassVar[dict[str, str]] = {"phone": "Phone number must be in E.164 format (+1234567890)"}

    phone: Number


class OpenedCall(TypedDict):
    """An accepted call; `token` joins its room at `url`, for a phone call as a listener."""

    call_id: str
    room_name: str
    token: str
    url: str
    status: str
