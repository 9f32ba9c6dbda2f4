"""Groups of operations, which documentation and generated clients show together."""

from __future__ import annotations

from trunkline.http_api.routing import Route

TAGS = {
    "Calls": "Create, read, cancel and reschedule calls, and read why a call was refused.",
    "Dispatches": "Agents in the room of a call: LiveKit's AgentDispatchService.",
    "Agents": "Voice agents: the LiveKit worker, its trunk and its numbers.",
    "Workflows": "Who talks in a call, over which channel, with what at hand.",
    "Tools": "Actions that agents run during a call, and the secrets that they use.",
    "Trunks": "SIP trunks: pace, state and activity.",
    "Rules": "Numbers that must not be called, and how often a number may be called.",
    "Triggers": "Webhooks of other systems that start calls.",
    "Schedules": "Calls by a crontab line, at a rate, or once.",
    "Batches": "Many calls from one template and a file of rows.",
    "Webhooks": "Endpoints of yours that receive events, and the log of their deliveries.",
    "Events": "What happened: each event of the last 30 days, to read and to follow.",
    "Access": "API keys, sessions, limits and the audit log.",
    "LiveKit": "The LiveKit project that your calls use.",
    "Statistics": "Counts of calls, and what was repaired.",
    "Agent API": "For an agent in a call: read its context, use tools, report what happens.",
}
"""Descriptions by name, in the order in which they are shown."""

_TAG_OF_RESOURCE = {
    "calls": "Calls",
    "refusals": "Calls",
    "reference": "Calls",
    "trunks": "Trunks",
    "activity": "Trunks",
    "agents": "Agents",
    "workflows": "Workflows",
    "tools": "Tools",
    "secrets": "Tools",
    "suppressions": "Rules",
    "number-rules": "Rules",
    "triggers": "Triggers",
    "schedules": "Schedules",
    "batches": "Batches",
    "webhooks": "Webhooks",
    "deliveries": "Webhooks",
    "events": "Events",
    "api-keys": "Access",
    "session": "Access",
    "sessions": "Access",
    "limits": "Access",
    "audit": "Access",
    "statistics": "Statistics",
    "repairs": "Statistics",
    "livekit": "LiveKit",
}


def tag_of(route: Route) -> str:
    """Return the tag of a route: that of the resource in its path.

    Raises:
        KeyError: the resource has none.
    """
    _, api, _, resource, *rest = route.path.split("/")
    if api == "agent":
        return "Agent API"
    return "Dispatches" if "dispatches" in rest else _TAG_OF_RESOURCE[resource]
