"""Statistics of calls and the activity of a trunk, through the deployed API."""

from __future__ import annotations

from typing import Any

from tests.support.polling import poll
from tests.support.tenant import Tenant


async def test_calls_are_counted_and_their_trunk_is_shown(tenant: Tenant, make_tenant: Any) -> None:
    other: Tenant = await make_tenant()
    for number in ("+15550100002", "+15550100013"):
        tenant.wait_for_end(tenant.placed(number))
    counted = poll(
        lambda: tenant.api.get("/api/v1/statistics?minutes=60").json(),
        lambda shown: sum(shown["ended"].values()) == 2,
    )
    assert (counted["accepted"], counted["dialled"], counted["answered"]) == (2, 2, 1)
    assert counted["answer_rate"] == 0.5
    assert [(each["reason"], each["calls"]) for each in counted["failures"]] == [("dial_busy", 1)]
    assert other.api.get("/api/v1/statistics").json()["ended"] == {}
    path = f"/api/v1/trunks/{tenant.trunk.id}/activity"
    shown = poll(
        lambda: tenant.api.get(path, params={"seconds": 600}).json(), lambda shown: sum(shown["starts"]) == 2
    )
    assert (shown["breaker"]["state"], shown["waiting_for"], shown["talking"]) == ("closed", [], 0)
    tenant.change_trunk(paused=True)
    tenant.placed("+15550100013")
    (waiting,) = tenant.api.get(path).json()["waiting_for"]
    assert (waiting["queue_state"], waiting["calls"]) == ("trunk_paused", 1)
    assert other.api.get(path).status_code == 404
    assert tenant.api.get("/api/v1/repairs").json() == {"data": [], "next_cursor": None}


def test_an_end_and_a_wait_are_explained(tenant: Tenant) -> None:
    busy = tenant.wait_for_end(tenant.placed("+15550100002"))
    assert busy["reason_text"] == "The line was busy (SIP 486)."
    assert busy["attempts"][0]["reason_text"] == busy["reason_text"]
    tenant.change_trunk(paused=True)
    waiting = tenant.call(tenant.placed("+15550100013"))
    assert waiting["queue_text"].startswith("Waits until its trunk is resumed")
