"""The routes of the API, one module per group of resources; a request imports only those of its own."""

from trunkline.http_api.routing import RouteIndex

ROUTES = RouteIndex(
    package=__name__,
    segment=3,
    modules={
        "calls": ("create_calls", "calls", "dispatches"),
        "refusals": ("refusals",),
        "trunks": ("trunks",),
        "activity": ("trunks",),
        "agents": ("agents",),
        "workflows": ("workflows",),
        "tools": ("tools",),
        "secrets": ("secrets",),
        "suppressions": ("rules",),
        "number-rules": ("rules",),
        "triggers": ("triggers",),
        "schedules": ("schedules",),
        "batches": ("batches",),
        "webhooks": ("webhooks",),
        "deliveries": ("deliveries",),
        "events": ("events",),
        "api-keys": ("api_keys",),
        "session": ("session",),
        "sessions": ("sessions",),
        "limits": ("limits",),
        "reference": ("reference",),
        "statistics": ("statistics",),
        "repairs": ("statistics",),
        "audit": ("audit",),
        "livekit": ("livekit",),
    },
)
"""Modules by the third segment of the path, which names the resource."""
