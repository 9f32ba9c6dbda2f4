"""A campaign from a file, by the command line."""

from __future__ import annotations

import json
from pathlib import Path

from local.stack import Stack
from tests.stack.fixtures_tenants import MakeTenant
from tests.support.tenant import ALL_SCOPES
from tests.support.terminal import Terminal


async def test_a_list_is_checked_and_then_called(
    stack: Stack, make_tenant: MakeTenant, tmp_path: Path
) -> None:
    terminal, tenant = Terminal(stack), await make_tenant()
    terminal.environment["TRUNKLINE_API_KEY"] = tenant.create_key(*ALL_SCOPES, livemode=False)
    body = {"agentId": tenant.agent.id, "phoneNumber": "{{row.phone}}", "testSpeed": 50}
    template, people = tmp_path / "body.json", tmp_path / "people.csv"
    template.write_text(json.dumps(body))
    people.write_text("phone\n+15550100001\n+15550100002\nhello\n")
    checked = terminal.say("batches", "run", str(people), "--template", str(template))
    assert "3 rows: 2 would be called, 1 are refused" in checked
    assert "add --yes" in checked
    called = terminal.say("batches", "run", str(people), "--template", str(template), "--yes")
    assert called.splitlines()[-1] == "completed: 2 calls, 1 rows refused, 2 ended (1 completed, 1 failed)"
    assert [batch["status"] for batch in json.loads(terminal.say("batches", "list", "--json"))] == [
        "completed",
        "checked",
    ]
