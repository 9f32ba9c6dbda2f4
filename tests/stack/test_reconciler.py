"""The reconciler as it is deployed: its planner, its queue and the function that does the tasks."""

from __future__ import annotations

import json

from local.deployment import client
from tests.support.polling import poll
from tests.support.tenant import Tenant

BUSY = "+15550100002"


def _run_a_pass(tenant: Tenant) -> None:
    """Invoke the planner as the rule of each minute does."""
    lambda_ = client(tenant.stack.config, "lambda")
    answer = lambda_.invoke(FunctionName="trunkline-local-reconciler", Payload=b"{}")
    assert answer["StatusCode"] == 200
    assert "FunctionError" not in answer, json.loads(answer["Payload"].read())


def test_a_call_whose_wakes_are_lost_is_dialled_after_the_next_pass(tenant: Tenant) -> None:
    tenant.change_trunk(paused=True)
    call_id = tenant.placed(BUSY)
    poll(tenant.my_trunk, lambda trunk: trunk["waiting"] == 1)
    # What the API does at the end of a pause, but for the wake that it sends.
    tenant.stack.operator().trunks.set(tenant.trunk.id, {"paused": False}, event=None)
    assert tenant.call(call_id)["status"] == "queued"
    _run_a_pass(tenant)
    ended = tenant.wait_for_end(call_id)
    assert ended["failure_reason"] == "dial_busy"
    assert [invite["room"] for invite in tenant.invites()] == [f"call-{call_id}"]
