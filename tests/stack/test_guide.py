"""The integration guide's and the ADR's own examples, unchanged but for host and key."""

from __future__ import annotations

import ast
import asyncio
import inspect
import json
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.webhook_receiver import receiver
from tests.support import http
from tests.support.tenant import Tenant
from tests.support.workflows import create_workflow

DOCUMENTS = Path(__file__).parent / "documents"
HOSTS = ("https://api.yourdomain.com", "https://api.example.com")
KEYS = ("as_live_your_api_key_here", "as_live_xxx")


def text_of(name: str, tenant: Tenant) -> str:
    text = (DOCUMENTS / name).read_text()
    for host in HOSTS:
        text = text.replace(host, tenant.stack.config.api_url)
    for key in KEYS:
        text = text.replace(key, tenant.key)
    return text


async def carry_out(name: str, tenant: Tenant, **given: Any) -> dict[str, Any]:
    """Run a fragment, with the names that the document's other fragments give it."""
    names: dict[str, Any] = {
        "httpx": httpx,
        "asyncio": asyncio,
        "time": time,
        "AGENT_STUDIO_URL": tenant.stack.config.api_url,
        "API_KEY": tenant.key,
        **given,
    }
    code = compile(text_of(name, tenant), name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    done = eval(code, names)  # noqa: S307 - the document's own text
    if inspect.isawaitable(done):
        await done
    return names


def calls(tenant: Tenant) -> list[dict[str, Any]]:
    return list(tenant.api.get("/api/v1/calls").json()["data"])


def bash(text: str, **environment: str) -> dict[str, Any]:
    done = subprocess.run(
        ["bash", "-s"],  # noqa: S607 - whichever bash there is
        input=text.encode(),
        capture_output=True,
        timeout=60,
        check=True,
        env={"PATH": "/usr/bin:/bin", **environment},
    )
    return dict(json.loads(done.stdout))


@pytest.fixture
async def company(make_tenant: Any) -> Tenant:
    """A tenant with the agent and the workflows that the documents name."""
    tenant: Tenant = await make_tenant(agent={"name": "greeter", "livekit_agent_name": "demo-agent"})
    for slug in ("onboarding", "daily-checkup", "daily-checkin", "daily-health-check", "welcome-call"):
        create_workflow(tenant, slug, entry_agent="greeter")
    return tenant


def test_the_guides_curl(company: Tenant) -> None:
    answer = bash(text_of("guide/create.sh", company))
    assert {"call_id", "room_name", "token", "url"} <= set(answer)
    uuid.UUID(answer["call_id"])


async def test_the_guides_basic_dispatch(company: Tenant, capsys: pytest.CaptureFixture[str]) -> None:
    names = await carry_out("guide/dispatch.py", company)
    call_id = names["result"]["call_id"]
    assert capsys.readouterr().out == f"Call dispatched: {call_id}\n"
    assert company.call(call_id)["workflow_slug"] == "onboarding"


async def test_the_guides_test_agent(company: Tenant) -> None:
    async with http.async_client() as client:
        names = await carry_out("guide/single_agent.py", company, client=client)
    assert names["response"].status_code == 201
    assert {"call_id", "room_name", "token", "url", "status"} == set(names["response"].json())


def test_the_guides_cron_job(company: Tenant) -> None:
    done = subprocess.run(
        [sys.executable, "-"],
        input=text_of("guide/daily_checkin.py", company).encode(),
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert sorted(done.stdout.decode().splitlines()) == ["Scheduled call for Alice", "Scheduled call for Bob"]
    assert {call["user_id"] for call in calls(company)} == {"user-1", "user-2"}


async def test_the_guides_polling_ends(company: Tenant, control: Any) -> None:
    opened = company.api.post("/api/v1/calls", json={"workflow_slug": "onboarding", "user_id": "u"}).json()
    names = await carry_out("guide/poll.py", company)
    async with httpx.AsyncClient(verify=http.TLS, timeout=30) as client:
        polling = asyncio.create_task(names["wait_for_completion"](client, opened["call_id"], 60))
        await asyncio.to_thread(control, "joins", token=opened["token"])
        await asyncio.to_thread(company.wait, opened["call_id"], lambda shown: shown["status"] == "active")
        await asyncio.to_thread(control, "leaves", room=opened["room_name"], identity="caller")
        call = await polling
    assert call["status"] == "completed"


async def test_the_guides_retry(company: Tenant) -> None:
    names = await carry_out("guide/retry.py", company)
    made_ = await names["dispatch_with_retry"](workflow_slug="onboarding", user_id="u")
    assert company.call(made_["call_id"])["status"] == "pending"


async def test_the_guides_signup_handler(company: Tenant, capsys: pytest.CaptureFixture[str]) -> None:
    names = await carry_out("guide/handle_user_signup.py", company)
    async with httpx.AsyncClient(verify=http.TLS, timeout=30) as client:
        await names["handle_user_signup"]({"user_id": "u-9", "name": "Eve"}, client)
    assert capsys.readouterr().out.endswith("for u-9\n")
    assert [call["user_id"] for call in calls(company)] == ["u-9"]


def test_the_adrs_cron_script(company: Tenant) -> None:
    answer = bash(text_of("adr/cron.sh", company), API_KEY=company.key, USER_ID="user-7")
    assert answer["status"] == "pending"
    call = company.call(answer["call_id"])
    assert (call["user_id"], call["metadata"]) == ("user-7", {"source": "cron", "schedule": "daily-9am"})


def test_the_adrs_request_and_answer(company: Tenant) -> None:
    body = json.loads((DOCUMENTS / "adr/request.json").read_text())
    answer = company.api.post("/api/v1/calls", json=body)
    assert answer.status_code == 201
    assert set(answer.json()) == {"call_id", "room_name", "token", "url", "status"}
    assert answer.json()["status"] == "pending"


async def test_the_adrs_event_handler(company: Tenant) -> None:
    names = await carry_out("adr/handle_event.py", company)
    async with httpx.AsyncClient(verify=http.TLS, timeout=30) as client:
        event = {"type": "user.login", "user_id": "u-3", "name": "Ada", "id": "evt-1"}
        await names["handle_event"](event, client)
    assert [call["metadata"]["event_id"] for call in calls(company)] == ["evt-1"]


@pytest.mark.parametrize(
    ("key", "body", "status"),
    [("as_live_nobody", {}, 401), (None, {"workflow_slug": "nothing", "user_id": "u"}, 404)],
)
def test_the_guides_common_errors(company: Tenant, key: str | None, body: Any, status: int) -> None:
    headers = {"Authorization": f"Bearer {key or company.key}"}
    answer = http.post(f"{company.stack.config.api_url}/api/v1/calls", json=body, headers=headers)
    assert answer.status_code == status
    assert answer.json()["error"]["message"] in ("Invalid API key", "Workflow not found")


async def test_the_guides_webhook_is_made_as_it_stands(company: Tenant) -> None:
    names = await carry_out("guide/webhook_create.py", company)
    assert names["webhook_secret"].startswith("whsec_")
    assert company.api.get("/api/v1/webhooks").json()["data"][0]["filter"] == {
        "events": ["call.completed", "call.failed"],
        "include_transcript": True,
        "include_metrics": True,
    }


async def test_the_guides_own_handler_takes_a_real_delivery(
    company: Tenant, control: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with receiver() as endpoint:
        values = {"url": endpoint.url("/webhooks/agent-studio"), "filter": {"events": ["call.completed"]}}
        secret = company.api.post("/api/v1/webhooks", json=values).json()["secret"]
        call = {"workflow_slug": "onboarding", "user_id": "user-123"}
        opened = company.api.post("/api/v1/calls", json=call).json()
        control("joins", token=opened["token"])
        company.wait(opened["call_id"], lambda shown: shown["status"] == "active")
        control("leaves", room=opened["room_name"], identity="caller")
        seen = endpoint.wait_for("/webhooks/agent-studio", 1)[0]
    text = text_of("guide/webhook_handler.py", company).replace("whsec_your_secret_here", secret)
    names: dict[str, Any] = {}
    exec(compile(text, "webhook_handler.py", "exec"), names)  # noqa: S102 - the document's own text
    backend = httpx.AsyncClient(transport=httpx.ASGITransport(names["app"]), base_url="https://backend")
    answer = await backend.post(seen.path, content=seen.body, headers=seen.headers)
    assert answer.json() == {"status": "received"}
    assert (
        f"Call {opened['call_id']} completed: user=user-123, workflow=onboarding" in capsys.readouterr().out
    )
    forged = await backend.post(
        seen.path, content=seen.body + b" ", headers={**seen.headers, "Content-Length": ""}
    )
    assert forged.status_code == 401
