"""Every operation of the OpenAPI document, in an order that works: with the document's examples as bodies.

Ids, addresses and dates of the examples are replaced by those of the test. A response must have the fields
of its schema, no other ones, and values that the schema allows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from local.webhook_receiver import Receiver
from openapi.document import document
from tests.stack.fixtures_tenants import MakeTenant
from tests.support import http
from tests.support.agent_in_call import AgentInCall, create_tool, string_parameter
from tests.support.polling import poll
from tests.support.tenant import Tenant
from tests.support.webhooks import wait_for_delivery

DOCUMENT = document()
OPERATIONS: dict[str, tuple[str, str, dict[str, Any]]] = {
    operation["operationId"]: (method, path, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}
REF = "#/components/schemas/"
TALKS_UNTIL_CANCELLED = "+15550100011"


class Walk:
    """Sends operations, each with the example of its body; `known` are texts to replace in it."""

    def __init__(self, tenant: Tenant, known: dict[str, str]) -> None:
        self.api, self.known, self.sent = tenant.api, known, set[str]()

    def send(
        self, name: str, api: httpx.Client | None = None, path: dict[str, str] | None = None, **query: str
    ) -> Any:
        method, template, operation = OPERATIONS[name]
        body = None
        if "requestBody" in operation:
            example = operation["requestBody"]["content"]["application/json"]["example"]
            text = json.dumps(example, ensure_ascii=False)
            for old, new in self.known.items():
                text = text.replace(old, new)
            body = json.loads(text)
        url = template.format(**(path or {}))
        answer = (api or self.api).request(method, url, json=body, params=query)
        status = next(status for status in operation["responses"] if status.startswith("2"))
        assert str(answer.status_code) == status, f"{name}: {answer.text}"
        schema = operation["responses"][status]["content"]["application/json"]["schema"]
        shown = answer.json()
        assert list(unknown_fields(schema, shown, name)) == []
        self.sent.add(name)
        return shown


def unknown_fields(schema: dict[str, Any], value: Any, where: str) -> Iterator[str]:
    """Yield the fields of a value, and of those in it, that its schema does not have."""
    for option in (schema, *schema.get("anyOf", ())):
        if "$ref" in option and value is not None:
            schema = DOCUMENT["components"]["schemas"][option["$ref"].removeprefix(REF)]
    if isinstance(value, list):
        for entry in value:
            yield from unknown_fields(schema.get("items", {}), entry, where)
    if isinstance(value, dict) and "properties" in schema:
        yield from (f"{where}.{field}" for field in set(value) - set(schema["properties"]))
        for field in set(value) & set(schema["properties"]):
            yield from unknown_fields(schema["properties"][field], value[field], f"{where}.{field}")


async def test_every_operation_takes_its_example_and_answers_as_documented(
    make_tenant: MakeTenant, endpoint: Receiver
) -> None:
    tenant = await make_tenant(agent={"name": "Voice", "livekit_agent_name": "ada"})
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
    walk = Walk(
        tenant,
        {
            "00000000-0000-4000-8000-000000000000": tenant.agent.id,
            "https://example.com/hooks": endpoint.url(),
            "wss://yours.livekit.cloud": "ws://127.0.0.1:9100",
            "as_test_…": tenant.key,
            "2030-01-01": tomorrow,
        },
    )
    definitions(walk, tenant)
    webhooks(walk, tenant)
    calls(walk, tenant)
    agents_in_a_call(walk, tenant)
    automations(walk, tenant)
    access(walk, tenant)
    rules_and_trunks(walk, tenant)
    deletions(walk, tenant)
    assert set(OPERATIONS) - walk.sent == set()


def definitions(walk: Walk, tenant: Tenant) -> None:
    agent = {"agent_id": walk.send("createAgent")["id"]}
    for name in ("getAgent", "changeAgent", "listAgentVersions"):
        walk.send(name, path=agent)
    for name in ("listAgents", "createTool", "listTools", "createSecret", "listSecrets"):
        walk.send(name)
    for name in ("getTool", "changeTool", "listToolVersions", "tryTool"):
        walk.send(name, path={"tool": "hang_up"})
    for name in ("getSecret", "changeSecret"):
        walk.send(name, path={"secret": "CRM_TOKEN"})
    walk.send("createWorkflow")
    walk.send("listWorkflows")
    for name in ("getWorkflow", "changeWorkflow", "listWorkflowVersions"):
        walk.send(name, path={"slug": "daily-checkin"})
    action = {"type": "set_state", "values": {"meal": "{{params.meal}}"}}
    create_tool(tenant, "save_meal", action, parameters=[string_parameter("meal")])
    change = {"tools": ["save_meal"]}
    tenant.api.patch("/api/v1/workflows/daily-checkin", json=change).raise_for_status()


def webhooks(walk: Walk, tenant: Tenant) -> None:
    hook = {"webhook_id": walk.send("createWebhook")["id"]}
    walk.send("listWebhooks")
    for name in ("getWebhook", "changeWebhook", "rotateWebhookSecret", "endSecretOverlap"):
        walk.send(name, path=hook)
    delivery = {"delivery_id": walk.send("testWebhook", path=hook)["id"]}
    wait_for_delivery(tenant, delivery["delivery_id"], lambda shown: shown["state"] == "succeeded")
    event = walk.send("listEvents", type="webhook.ping")["data"][0]
    walk.send("getEvent", path={"event_id": event["id"]})
    for name in ("getDelivery", "getDeliveryRequest", "redeliver"):
        walk.send(name, path=delivery)
    for name in ("listDeliveries", "recoverDeliveries"):
        walk.send(name, path=hook)
    walk.send("deleteWebhook", path=hook)


def calls(walk: Walk, tenant: Tenant) -> None:
    walk.send("createOutboundCall")
    walk.send("createTestCall")
    walk.send("listRefusals", phone_number="+15550100001")
    later = {"call_id": walk.send("scheduleCall")["data"]["id"]}
    walk.send("rescheduleCall", path=later)
    walk.known["6f1ff9cd-5f60-4b6c-9f0e-6c4f6f6b7d4e"] = later["call_id"]
    walk.send("cancelCalls")
    call = {"call_id": tenant.placed(TALKS_UNTIL_CANCELLED)}
    tenant.wait(call["call_id"], lambda shown: shown["data"]["status"] == "active")
    dispatch = walk.send("createDispatch", path=call)
    walk.send("deleteDispatch", path=call | {"dispatch_id": dispatch["id"]})
    reads = ("getCall", "listCallEvents", "getTranscript", "listDispatches", "createListeningToken")
    for name in (*reads, "cancelCall"):
        walk.send(name, path=call)
    tenant.wait_for_end(call["call_id"])
    walk.send("listCallDeliveries", call_id=call["call_id"])
    walk.send("eraseCall", path=call)
    for name in ("listCalls", "getReference", "getStatistics", "listRepairs"):
        walk.send(name)


def agents_in_a_call(walk: Walk, tenant: Tenant) -> None:
    opened = walk.send("createCall")
    call = {"call_id": opened["call_id"]}
    agent = AgentInCall(tenant, opened)
    headers = {"Authorization": agent.api.headers["Authorization"]}
    with http.client(base_url=tenant.api.base_url, headers=headers) as api:
        for name in ("getContext", "listAgentTools", "reportEvents"):
            walk.send(name, api, call)
        walk.send("invokeTool", api, call | {"tool": "save_meal"})
    tenant.cancel(opened["call_id"])


def automations(walk: Walk, tenant: Tenant) -> None:
    trigger = walk.send("createTrigger")
    key = {"trigger_id": trigger["id"]}
    walk.send("listTriggers")
    for name in ("getTrigger", "changeTrigger"):
        walk.send(name, path=key)
    secret = walk.send("rotateTriggerSecret", path=key)["secret"]
    bearer = {"Authorization": f"Bearer {secret}"}
    with http.client(base_url=tenant.api.base_url, headers=bearer) as sender:
        walk.send("takeTriggerEvent", sender, key)
    walk.send("listTriggerEvents", path=key)
    schedule = {"schedule_id": walk.send("createSchedule")["id"]}
    walk.send("previewSchedule")
    walk.send("listSchedules")
    for name in ("getSchedule", "changeSchedule", "pauseSchedule", "resumeSchedule", "runSchedule"):
        walk.send(name, path=schedule)
    walk.send("listScheduleRuns", path=schedule)
    walk.send("deleteTrigger", path=key)
    walk.send("deleteSchedule", path=schedule)
    batches(walk, tenant)


def batches(walk: Walk, tenant: Tenant) -> None:
    template = {"agentId": tenant.agent.id, "phoneNumber": "{{row.phone}}"}
    checked = {"name": "checked", "body": template, "rows": [{"phone": "+15550100002"}], "dry_run": True}
    dry_run = {"batch_id": tenant.api.post("/api/v1/batches", json=checked).json()["id"]}
    batch = {"batch_id": walk.send("createBatch")["id"]}
    poll(lambda: walk.send("getBatch", path=dry_run), lambda shown: shown["status"] == "checked")
    walk.send("startBatch", path=dry_run)
    poll(lambda: walk.send("getBatch", path=batch), lambda shown: shown["progress"]["ended"] == 1)
    poll(lambda: walk.send("getBatch", path=dry_run), lambda shown: shown["progress"]["ended"] == 1)
    for name in ("listBatchResults", "exportBatchResults", "getBatchExport"):
        walk.send(name, path=batch)
    poll(lambda: walk.send("getBatchExport", path=batch), lambda shown: shown["status"] == "ready")
    walk.send("deleteBatch", path=batch)
    uploaded = {"batch_id": tenant.api.post("/api/v1/batches", json=checked | {"name": "later"}).json()["id"]}
    poll(lambda: walk.send("getBatch", path=uploaded), lambda shown: shown["status"] == "checked")
    for name in ("pauseBatch", "resumeBatch", "cancelBatch"):
        walk.send(name, path=uploaded)
    walk.send("listBatches")


def access(walk: Walk, tenant: Tenant) -> None:
    key = {"key_id": walk.send("createApiKey")["id"]}
    walk.send("listApiKeys")
    for name in ("getApiKey", "changeApiKey", "rotateApiKey", "revokeApiKey"):
        walk.send(name, path=key)
    for name in ("getLimits", "listAudit", "getLiveKit", "getSession"):
        walk.send(name)
    for name in ("openSession", "closeSession"):
        with http.client(base_url=tenant.api.base_url) as browser:
            walk.send("openSession", browser)
            if name == "closeSession":
                # A cookie that is `Secure` is not sent to the stack's plain http.
                browser.headers["Cookie"] = f"session={browser.cookies['session']}"
                walk.send(name, browser)
    session = walk.send("listSessions")["data"][0]
    walk.send("endSession", path={"session_id": session["id"]})
    for name in ("endOtherSessions", "putLiveKit"):
        walk.send(name)
    walk.send("deleteLiveKit")


def rules_and_trunks(walk: Walk, tenant: Tenant) -> None:
    for name in ("suppressNumbers", "listSuppressions", "putNumberRules", "getNumberRules"):
        walk.send(name)
    for name in ("getSuppression", "releaseNumber"):
        walk.send(name, path={"number": "+15550100001"})
    trunk = {"trunk_id": tenant.trunk.id}
    for name in ("listTrunks", "listTrunkActivity"):
        walk.send(name)
    for name in ("getTrunk", "getTrunkActivity", "changeTrunk"):
        walk.send(name, path=trunk)


def deletions(walk: Walk, tenant: Tenant) -> None:
    open_calls = {"workflow_slug": "daily-checkin"}
    for call in tenant.api.get("/api/v1/calls", params=open_calls).json()["data"]:
        tenant.cancel(call["call_id"])
    walk.send("deleteWorkflow", path={"slug": "daily-checkin"})
    agents = {agent["name"]: agent["id"] for agent in walk.send("listAgents")["data"]}
    walk.send("deleteAgent", path={"agent_id": agents["Ada"]})
    walk.send("deleteTool", path={"tool": "hang_up"})
    walk.send("deleteSecret", path={"secret": "CRM_TOKEN"})
