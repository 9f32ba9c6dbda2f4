"""The three shapes of traffic whose bills `docs/cost.md` shows, a million calls each. Pure."""

from __future__ import annotations

from trunkline_cli.cost.estimate import Traffic, bill, total_usd

_RING_S, _TALK_S = 15, 90
SHAPES = {
    "one call at a time": Traffic(1_000_000, 1 / (_RING_S + _TALK_S), _RING_S, _TALK_S),
    "20 calls a second": Traffic(1_000_000, 20, _RING_S, _TALK_S),
    "20 a second, 3 webhooks a call": Traffic(1_000_000, 20, _RING_S, _TALK_S, webhook_events=3),
}


def table() -> str:
    """Return the Markdown table of dollars by service and shape."""
    bills = [bill(traffic) for traffic in SHAPES.values()]
    services = dict.fromkeys(line.service for lines in reversed(bills) for line in lines)
    rows = [
        [service, *(f"{sum(line.usd for line in lines if line.service == service):.2f}" for lines in bills)]
        for service in services
    ]
    total = ["**all**", *(f"**{total_usd(lines):.0f}**" for lines in bills)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [["$", *SHAPES], ["---"] * 4, *rows, total])
