"""A company whose phones ring: what the pictures of the documentation show. All names are made up."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from local.stack import Stack
from local.webhook_receiver import Receiver
from tests.support.own_livekit import create_sip_trunk
from trunkline.agents.schemas import AgentSpec
from trunkline.auth.scopes import Scope
from trunkline.statistics.repository import StatisticsRepository
from trunkline.storage.keys.tenants import tenant_mode_of
from trunkline.trunks.schemas import TrunkSpec

TENANT = "harbor-dental"
ANSWERS, BUSY, DECLINES, GONE = "+15550100001", "+15550100002", "+15550100005", "+15550100008"
VOICEMAIL, NEVER_HANGS_UP, LONG_TALK = "+15550100014", "+15550100011", "+15550100019"
PATIENTS = ("Rosa Weber", "Jonas Falk", "Amira Haddad", "Li Wei", "Nora Lind", "Paul Okafor", "Ines Prado")
ROWS = [f"+1202555{1000 + number},{PATIENTS[number % 7]},{9 + number % 8}:30" for number in range(18)]
CSV = "\n".join(["phone,name,time", *ROWS, "12,Bad Number,9:00", ROWS[3], "+12025551099,Otto Ritter,"]) + "\n"

_HOUR = 60
_BATCH_BODY = {
    "phoneNumber": "{{row.phone}}",
    "metadata": {"patient": "{{row.name}}", "time": "{{row.time}}"},
}


@dataclass(frozen=True)
class Showcase:
    """The company: its key, and the ids of what the pictures show."""

    key: str
    agent_id: str
    trunk_id: str
    trigger_id: str
    schedule_id: str
    webhook_id: str
    batch_id: str
    call_id: str
    failed_call_id: str


class Company:
    """Sets the company up by the API, as its own people would."""

    def __init__(self, stack: Stack, api: httpx.Client, agent_id: str) -> None:
        self.stack = stack
        self.api = api
        self.agent_id = agent_id

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        response = self.api.post(f"/api/v1/{path}", json=body)
        assert response.status_code < 300, f"{path}: {response.text}"
        found: dict[str, Any] = response.json() if response.content else {}
        return found

    def patch(self, path: str, **body: Any) -> None:
        response = self.api.patch(f"/api/v1/{path}", json=body)
        assert response.status_code < 300, f"{path}: {response.text}"

    def call(self, number: str, patient: str, **more: Any) -> str:
        metadata = {"patient": patient, "appointment": "2026-12-03 09:30", "order": f"A-{len(patient)}07"}
        body = {"agentId": self.agent_id, "phoneNumber": number, "metadata": metadata} | more
        return str(self.post("calls/outbound", **body)["data"]["id"])

    def wait_for_end(self, call_id: str) -> None:
        while self.api.get(f"/api/v1/calls/{call_id}").json()["ended_at"] is None:
            time.sleep(0.3)


async def open_company(stack: Stack, endpoint: Receiver) -> Showcase:
    """Create the tenant with two trunks and two agents, then all that it has and does."""
    operator = stack.operator()
    operator.tenants.create(TENANT)
    trunk_ids = []
    for name, cps, number in (("telnyx-us", 5, "+12025550110"), ("twilio-eu", 2, "+442079460110")):
        numbers = [number, f"{number[:-1]}1"]
        sip_trunk_id = await create_sip_trunk(stack.config.livekit, f"{TENANT}-{name}", numbers)
        spec = TrunkSpec(name=name, sip_trunk_id=sip_trunk_id, cps=cps, numbers=numbers)
        trunk_ids.append(operator.create_trunk(spec, [TENANT]).id)
    agents = {"Appointment reminder": "reminder", "Recall": "recall"}
    agent_ids = [
        operator.create_agent(
            TENANT,
            AgentSpec.model_validate({"name": name, "livekit_agent_name": short, "trunk": "telnyx-us"}),
        ).id
        for name, short in agents.items()
    ]
    key = operator.create_key(
        TENANT, "Front desk", [Scope.ADMIN.value], livemode=True, requests_per_minute=100_000
    )
    _add_history(stack, trunk_ids[0])
    with httpx.Client(base_url=stack.config.api_url, headers={"x-api-key": key}, timeout=60) as api:
        company = Company(stack, api, agent_ids[0])
        return _set_up(company, key, trunk_ids, endpoint)


def _set_up(company: Company, key: str, trunk_ids: list[str], endpoint: Receiver) -> Showcase:
    company.patch(f"trunks/{trunk_ids[1]}", paused=True)
    webhook_id = _connect(company, endpoint)
    _build(company)
    schedule_id, trigger_id = _repeat(company)
    batch_id = _campaign(company)
    failed_call_id, call_id = _place_calls(company)
    return Showcase(
        key,
        company.agent_id,
        trunk_ids[0],
        trigger_id,
        schedule_id,
        webhook_id,
        batch_id,
        call_id,
        failed_call_id,
    )


def _connect(company: Company, endpoint: Receiver) -> str:
    events = {"events": ["call.completed", "call.failed", "call.disconnected"]}
    hook = company.post(
        "webhooks",
        url=endpoint.url("/hooks/calls"),
        description="Practice software",
        filter=events,
        headers={"X-Source": "trunkline"},
    )
    company.post("webhooks", url=endpoint.url("/hooks/reporting"), description="Reporting")
    company.post(
        "suppressions", numbers=["+12025550147", "+442079460958"], reason="asked not to be called again"
    )
    company.api.put(
        "/api/v1/number-rules",
        json={"allowed_prefixes": ["+1", "+44"], "denied_prefixes": ["+1900"]},
    )
    company.post("api-keys", name="Practice software", scopes=["calls:create", "calls:read"])
    company.post("api-keys", name="Reporting", scopes=["calls:read", "webhooks:read"])
    return str(hook["id"])


def _build(company: Company) -> None:
    agent = f"agents/{company.agent_id}"
    company.patch(agent, ring_timeout_s=30, agent_lost="redispatch")
    company.patch(agent, ring_timeout_s=35, max_call_duration_s=900)
    company.post("secrets", name="practice_api", value="not shown again")
    action = {
        "type": "api_call",
        "method": "POST",
        "url": "https://practice.example.com/api/appointments/{{params.appointment}}/move",
        "headers": {"Authorization": "Bearer {{secrets.practice_api}}"},
        "body": {"to": "{{params.time}}", "patient": "{{call.metadata.patient}}"},
    }
    parameters = [
        {"name": "appointment", "type": "string", "required": True},
        {"name": "time", "type": "string", "description": "The new time, ISO 8601"},
    ]
    company.post(
        "tools",
        name="move_appointment",
        description="Moves an appointment to another time.",
        config={"parameters": parameters, "actions": [action]},
    )
    workflow = {"entry_agent": "Appointment reminder", "tools": ["move_appointment"]}
    company.post("workflows", slug="appointment-reminder", channel="phone", **workflow)
    company.post("workflows", slug="front-desk", channel="web", **workflow)


def _repeat(company: Company) -> tuple[str, str]:
    body: dict[str, Any] = {"workflow_slug": "appointment-reminder", "user_id": "p-2041"}
    body |= {"user_context": {"phone": ANSWERS, "first_name": "Rosa"}}
    schedule = company.post(
        "schedules", name="Morning check-in", body=body, cron="30 8 * * mon-fri", timezone="Europe/Berlin"
    )
    company.post(f"schedules/{schedule['id']}/run")
    body = {"agentId": company.agent_id, "phoneNumber": "{{event.patient.phone}}"}
    trigger = company.post("triggers", name="Online bookings", kind="outbound", body=body)
    headers = {"Authorization": f"Bearer {trigger['secret']}"}
    for event_id, phone in (("evt-1", ANSWERS), ("evt-2", "12")):
        event = {"id": event_id, "patient": {"phone": phone}}
        company.api.post(urlsplit(trigger["url"]).path, json=event, headers=headers)
    return schedule["id"], trigger["id"]


def _place_calls(company: Company) -> tuple[str, str]:
    for number, patient in ((GONE, PATIENTS[1]), (DECLINES, PATIENTS[2])):
        company.wait_for_end(company.call(number, patient))
    failed = company.call(BUSY, PATIENTS[0])
    company.wait_for_end(failed)
    talked = company.call(VOICEMAIL, PATIENTS[3])
    company.wait_for_end(talked)
    shown = company.call(ANSWERS, PATIENTS[4])
    company.wait_for_end(shown)
    company.call(BUSY, PATIENTS[5], redial={"maxAttempts": 3, "retryOn": ["busy"], "intervals": [900, 1800]})
    for late in range(3):
        window = {"start": "08:00", "end": "08:10", "days": ["sun"], "timezone": "Europe/London"}
        company.call(f"+44207946015{late}", PATIENTS[late], callingWindow=window)
    return failed, shown


def _campaign(company: Company) -> str:
    body = {"agentId": company.agent_id, **_BATCH_BODY}
    batch = company.post("batches", name="December recall", body=body, text=CSV, format="csv")
    while company.api.get(f"/api/v1/batches/{batch['id']}").json()["status"] != "completed":
        time.sleep(0.5)
    return str(batch["id"])


def ring(stack: Stack, shown: Showcase) -> None:
    """Let something happen while a picture is taken: calls that talk, and a line that is dialled."""
    with httpx.Client(base_url=stack.config.api_url, headers={"x-api-key": shown.key}, timeout=60) as api:
        company = Company(stack, api, shown.agent_id)
        for number in range(3):
            company.call(NEVER_HANGS_UP, PATIENTS[number])
        for number in range(30):
            company.call(f"+1202555{2000 + number}", PATIENTS[number % 7])


def _add_history(stack: Stack, trunk_id: str) -> None:
    """Count an hour of calls and two minutes of starts that were before the pictures."""
    operator, now_s = stack.operator(), int(time.time())
    tenant_id = operator.tenant_id(TENANT)
    statistics = StatisticsRepository(operator.table)
    for ago in range(1, _HOUR):
        calls = 14 + round(6 * math.sin(ago / 7)) + ago % 3
        busy, no_answer = calls // 7, calls // 5
        answered = calls - busy - no_answer
        counts = {"accepted": calls, "dialled": calls, "answered": answered, "talk_s": 74 * answered}
        counts |= {"ended_completed": answered, "ended_failed": busy + no_answer}
        counts |= {"reason_dial_busy": busy, "reason_dial_no_answer": no_answer}
        statistics.add_calls(tenant_mode_of(tenant_id, True), now_s // 60 - ago, counts)
    starts = {now_s - ago: 1 + (ago * ago) % 4 for ago in range(8, 110) if ago % 9}
    statistics.add_starts(trunk_id, tenant_id, starts)
