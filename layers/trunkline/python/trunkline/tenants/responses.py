"""Response of a tenant's limits and its use of them."""

from __future__ import annotations

from typing_extensions import TypedDict

from trunkline.tenants.settings import TenantSettings


class LimitsView(TypedDict):
    """A tenant's limits (null: none) and what it has of them, in the key's mode."""

    requests_per_minute: int
    max_calls_waiting: int | None
    calls_waiting: int
    max_calls_in_progress: int | None
    calls_in_progress: int
    max_calls_a_day: int | None
    calls_today: int


def limits_view(
    settings: TenantSettings, requests_per_minute: int, *, waiting: int, in_progress: int, today: int
) -> LimitsView:
    """Show a tenant's limits."""
    return {
        "requests_per_minute": requests_per_minute,
        "max_calls_waiting": settings.max_calls_waiting,
        "calls_waiting": waiting,
        "max_calls_in_progress": settings.max_calls_in_progress,
        "calls_in_progress": in_progress,
        "max_calls_a_day": settings.max_calls_a_day,
        "calls_today": today,
    }
