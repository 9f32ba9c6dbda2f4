"""The context of a call: what `GET /agent/v1/calls/{id}/context` responds, with types of your own. Pure.

`user_context` is what your backend sent with the call, `variables` is the workflow's state. Both are free
JSON objects. Give their types (a pydantic model, a dataclass, or a TypedDict) to `AgentCall.context`: they
are checked when the call begins instead of in the middle of a conversation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypedDict, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

UserContextT = TypeVar("UserContextT")
VariablesT = TypeVar("VariablesT")


class CallFacts(TypedDict):
    """The call; a web call has no numbers. `attempt` counts from 1, redials included."""

    id: str
    channel: str
    livemode: bool
    user_id: str | None
    phone_number: str | None
    caller_id: str | None
    attempt: int
    metadata: dict[str, Any]


class FirstAgent(TypedDict):
    """The agent that the call began with; `active` is the name of the one that has it now."""

    id: str
    name: str
    active: str | None


class TeamMember(TypedDict):
    """An agent that may take over the call."""

    name: str
    livekit_agent_name: str


class WorkflowFacts(TypedDict):
    """The workflow, in the version that the call uses."""

    slug: str
    version: int
    name: str
    agents: list[TeamMember]
    tools: list[str]


class CallContext(TypedDict, Generic[UserContextT, VariablesT]):
    """The context of a call. Keys of `user_context` and `variables` that are secret are not in it."""

    call: CallFacts
    agent: FirstAgent
    workflow: WorkflowFacts | None
    user_context: UserContextT
    variables: VariablesT
    next_sequence: int


class InvalidContext(ValueError):
    """What the backend sent is not of the type that the agent asked for.

    The message names the fields and never their values, which are personal data.
    """


def typed_context(
    response: Mapping[str, Any], user_context: type[UserContextT], variables: type[VariablesT]
) -> CallContext[UserContextT, VariablesT]:
    """Return a response with its two free objects as the types that were asked for.

    Raises:
        InvalidContext: one of them does not fit its type.
    """
    typed = {
        **response,
        "user_context": _validated("user_context", response.get("user_context") or {}, user_context),
        "variables": _validated("variables", response.get("variables") or {}, variables),
    }
    return cast("CallContext[UserContextT, VariablesT]", typed)


def team_of(response: Mapping[str, Any]) -> list[str]:
    """Return the names of the agents of the call's workflow; without a workflow, none."""
    return [agent["name"] for agent in (response.get("workflow") or {}).get("agents", ())]


def _validated(name: str, value: dict[str, Any], wanted: type[Any]) -> Any:
    if wanted is dict:
        return value
    try:
        return TypeAdapter(wanted).validate_python(value)
    except ValidationError as error:
        faults = [
            f"{'.'.join(map(str, (name, *fault['loc'])))} ({fault['type']})"
            for fault in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        raise InvalidContext(f"not a {wanted.__name__}: {', '.join(faults)}") from None
