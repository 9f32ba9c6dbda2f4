"""The Python client against the deployed stack: its quick start, lists, errors and webhooks."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from trunkline_client import AsyncTrunkline, InvalidSignature, NotFound, Trunkline, verify_webhook
from trunkline_client.models import OutboundCall

from local.config import ROOT
from local.webhook_receiver import Receiver
from tests.support.tenant import Tenant

CLIENT = ROOT / "clients" / "python"


def test_the_quick_start_of_the_readme_runs_as_it_is(tenant: Tenant) -> None:
    code = re.findall(r"^```python\n(.*?)^```", (CLIENT / "README.md").read_text(), re.MULTILINE | re.DOTALL)[
        0
    ]
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(CLIENT / "src"),
            "API": tenant.stack.config.api_url,
            "KEY": tenant.key,
            "AGENT_ID": tenant.agent.id,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("completed "), done.stdout


async def test_calls_end_webhooks_verify_and_lists_are_read_in_pages(
    tenant: Tenant, endpoint: Receiver
) -> None:
    url = tenant.stack.config.api_url
    with Trunkline(url, tenant.create_key(livemode=False)) as trunkline:
        secret = trunkline.create_webhook({"url": endpoint.url(), "filter": {"events": ["call.failed"]}})[
            "secret"
        ]
        body: OutboundCall = {"agentId": tenant.agent.id, "phoneNumber": "+15550100002", "testSpeed": 100}
        first = trunkline.create_outbound_call(body, idempotency_key="one-call")
        assert trunkline.create_outbound_call(body, idempotency_key="one-call") == first
        placed = {
            first["data"]["id"],
            *(trunkline.create_outbound_call(body)["data"]["id"] for _ in range(2)),
        }
        ends = {trunkline.wait_until_ended(call_id)["status_reason"] for call_id in placed}
        assert ends == {"dial_busy"}
        listed = [call["call_id"] for call in trunkline.iterate_calls(limit=1)]
        assert sorted(listed) == sorted(placed)
        with pytest.raises(NotFound) as raised:
            trunkline.get_agent("00000000-0000-4000-8000-000000000000")
        assert raised.value.type == "not_found"
        assert raised.value.request_id
    async with AsyncTrunkline(url, tenant.key) as live:
        assert [call async for call in live.iterate_calls(limit=1)] == []
        assert (await live.get_agent(tenant.agent.id))["name"] == "Ada"
    received = endpoint.wait_for("/hook", 3)[0]
    event = verify_webhook(received.body, received.headers, secret)["event"]
    assert event["type"] == "call.failed"
    assert event["data"]["call_id"] in placed
    with pytest.raises(InvalidSignature):
        verify_webhook(received.body + b" ", received.headers, secret)
