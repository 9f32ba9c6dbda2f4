"""A resource of each kind, and the addresses of their pages."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Page

from tests.support.agent_in_call import create_tool
from tests.support.tenant import Tenant
from tests.support.webhooks import create_webhook, deliveries
from tests.support.workflows import create_workflow


def one_of_each(tenant: Tenant, url: str, name: str) -> dict[str, str]:
    """Create them, each with a name that is looked for; return the path of each one's page.

    `url` is that of a webhook endpoint. A name is letters, digits and hyphens.
    """
    number = "+15550100002"
    call_id = tenant.placed(number, metadata={"who": name})
    body = {"agentId": tenant.agent.id, "phoneNumber": number}
    made: dict[str, dict[str, Any]] = {
        "batches": {
            "name": name,
            "body": {**body, "phoneNumber": "{{row.phone}}"},
            "rows": [{"phone": number}],
        },
        "triggers": {"name": name, "kind": "outbound", "body": {**body, "phoneNumber": "{{event.phone}}"}},
        "schedules": {"name": name, "kind": "outbound", "body": body, "cron": "0 9 1 1 *"},
        "agents": {"name": name, "livekit_agent_name": "ada"},
        "api-keys": {"name": name, "scopes": ["calls:read"]},
    }
    ids = {kind: _created(tenant, kind, values)["id"] for kind, values in made.items()}
    create_workflow(tenant, name)
    create_tool(tenant, name.replace("-", "_"), {"type": "api_call", "method": "GET", "url": url})
    webhook = create_webhook(tenant, url, description=name)
    tenant.api.post(f"/api/v1/webhooks/{webhook['id']}/test").raise_for_status()
    return {
        "call": f"/calls/{call_id}",
        "batch": f"/batches/{ids['batches']}",
        "agent": f"/agents/{ids['agents']}",
        "workflow": f"/workflows/{name}",
        "tool": f"/tools/{name.replace('-', '_')}",
        "trigger": f"/triggers/{ids['triggers']}",
        "schedule": f"/schedules/{ids['schedules']}",
        "webhook": f"/webhooks/{webhook['id']}",
        "delivery": f"/webhooks/{webhook['id']}?delivery={deliveries(tenant, webhook)[0]['id']}",
        "trunk": f"/trunks/{tenant.trunk.id}",
        "key": f"/settings/api-keys?key={ids['api-keys']}",
        "a call like another": f"/place-call?like={call_id}",
    }


def _created(tenant: Tenant, kind: str, values: dict[str, Any]) -> dict[str, Any]:
    answer = tenant.api.post(f"/api/v1/{kind}", json=values)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def go_within(page: Page, path: str) -> None:
    """Go to another page of the app as its links do, not loading it anew; nothing of the last one is left."""
    lost = page.get_by_role("heading", name="No such page")
    await page.evaluate("history.pushState({}, '', '/nowhere')")
    await lost.wait_for()
    await page.evaluate("(path) => history.pushState({}, '', path)", path)
    await lost.wait_for(state="detached")
