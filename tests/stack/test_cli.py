"""The operator's command line, as an operator would type it."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
import yaml

from local.deployment import client
from local.stack import Stack
from tests.stack.fixtures_tenants import MakeTenant
from tests.support import http
from tests.support.terminal import Terminal
from trunkline.dial_queue.messages import DialWakeup
from trunkline.trunks.test_trunk import make_test_trunk


@pytest.fixture
def terminal(stack: Stack) -> Terminal:
    return Terminal(stack)


@pytest.fixture
def name() -> str:
    """A tenant's name that no other test has."""
    return f"tenant-{uuid.uuid4().hex[:8]}"


def test_it_is_a_program_that_ends_with_its_status(terminal: Terminal, name: str) -> None:
    made = terminal.start("tenants", "create", name)
    assert (made.returncode, made.stderr) == (0, "")
    refused = terminal.start("keys", "create", "--tenant", "nobody")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "Traceback" not in refused.stderr
    assert "nobody" in refused.stderr


def test_from_nothing_to_a_call_that_is_watched(terminal: Terminal, stack: Stack) -> None:
    terminal.say("tenants", "create", "acme")
    key = terminal.say("keys", "create", "--tenant", "acme")
    assert key.startswith("as_live_")
    trunk_id = terminal.say(
        *("trunks", "create", "acme-trunk", "--sip-trunk-id", "ST_acme", "--cps", "5"),
        *("--number", "+15550109001", "--grant", "acme"),
    )
    assert trunk_id.startswith("trunk_")
    again = terminal.complain(
        *("trunks", "create", "another-name", "--sip-trunk-id", "ST_acme", "--cps", "9"),
        *("--number", "+15550109001"),
    )
    assert f"SIP trunk ST_acme is already trunk {trunk_id}" in again, "one trunk can't have two paces"
    agent_id = terminal.say(
        *("agents", "create", "Ada", "--tenant", "acme", "--livekit-agent-name", "demo-agent"),
        *("--trunk", "acme-trunk"),
    )
    terminal.environment["TRUNKLINE_API_KEY"] = key
    call_id = terminal.say("calls", "place", agent_id, "+15550100001", "--metadata", '{"a": 1}')
    done = terminal.run("calls", "watch", call_id, "--timeout-s", "15")
    assert done.returncode == 1
    assert "livekit_refused" in done.stdout, "LiveKit does not know ST_acme, so the call waits, and says why"
    demo = stack.file()
    terminal.environment["TRUNKLINE_API_KEY"] = demo["live_key"]
    call_id = terminal.say("calls", "place", demo["agent_id"], "+15550100013", "--priority", "0")
    watched = terminal.say("calls", "watch", call_id)
    assert "completed" in watched.splitlines()[-1]
    assert f"call-{call_id} AD_" in watched


def test_apply_is_idempotent_and_shows_what_changed(terminal: Terminal, tmp_path: Path) -> None:
    declared = {
        "tenant": "umbrella",
        "trunks": [{"name": "main", "sip_trunk_id": "ST_umbrella", "cps": 5, "numbers": ["+15550109001"]}],
        "agents": [{"name": "Ada", "livekit_agent_name": "ada", "trunk": "main", "tools": ["goodbye"]}],
        "tools": [{"name": "goodbye", "config": {"actions": [{"type": "end_call"}]}}],
        "workflows": [{"slug": "w", "entry_agent": "Ada", "tools": ["goodbye"]}],
    }
    file = tmp_path / "umbrella.yaml"
    file.write_text(yaml.safe_dump(declared))
    assert "--create-tenant creates it" in terminal.complain("apply", str(file))
    assert terminal.say("apply", str(file), "--create-tenant", "--dry-run").count("created") == 5
    assert terminal.say("apply", str(file), "--create-tenant").count("created") == 5
    assert terminal.say("apply", str(file)).count("unchanged") == 4
    declared["trunks"][0]["cps"] = 8  # type: ignore[index]
    declared["tools"][0]["description"] = "Says goodbye"  # type: ignore[index]
    file.write_text(yaml.safe_dump(declared))
    shown = terminal.say("apply", str(file))
    assert "changed: cps" in shown
    assert "version 2" in shown
    assert shown.count("unchanged") == 2


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("tenant: x\ntrunk: []\n", "unknown key trunk"),
        ("trunks: []\n", "tenant: the tenant's name is missing"),
        ("tenant: x\nagents: [{name: A}]\n", "livekit_agent_name: Field required"),
        (
            "tenant: x\nagents: [{name: A, livekit_agent_name: a, trunk: none}]\n",
            "the tenant has no trunk none",
        ),
        (
            "tenant: x\ntrunks: [{name: t, sip_trunk_id: ST_x, cps: 1.5, numbers: ['+15550109001']}]\n",
            "cps must be a whole number from 1 to 100, or from 0.1 to below 1",
        ),
        (
            "tenant: x\ntrunks: [{name: t, sip_trunk_id: ST_x, cps: 5, numbers: [5550109001]}]\n",
            "numbers must be a list of E.164 numbers",
        ),
        ("tenant: x\nagents: [{name: A, livekit_agent_name: a, ring_timeout_s: 80}]\n", "ring_timeout_s"),
        ("tenant: x\nagents: [{name: A, livekit_agent_name: a, tools: [t]}]\n", "there is no tool t"),
        (
            "tenant: x\ntools: [{name: t, config: {actions: [{type: api_call, url: 'https://10.0.0.1/'}]}}]\n",
            "config.actions.0.url: the host's address is not public",
        ),
        ("tenant: [", "✗"),
    ],
)
def test_a_wrong_declaration_is_refused_with_the_field(
    terminal: Terminal, tmp_path: Path, name: str, text: str, complaint: str
) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(text.replace("tenant: x", f"tenant: {name}"))
    assert complaint in terminal.complain("apply", str(file), "--create-tenant")
    assert name not in terminal.say("tenants", "list"), "all is checked before anything is written"


def test_mistakes_are_answered_in_one_line(terminal: Terminal) -> None:
    assert "tenant nobody not found" in terminal.complain("keys", "create", "--tenant", "nobody")
    wrong_scope = terminal.complain("keys", "create", "--tenant", "demo", "--scopes", "everything")
    assert "scopes must be a list of at least one of admin, calls:create" in wrong_scope
    assert "stack trunkline-dev not found" in terminal.complain("tenants", "create", "x", "--stage", "dev")
    assert "401: Invalid API key" in terminal.complain("calls", "place", "x", "y", "--key", "wrong")
    assert "trunk trunk_x not found" in terminal.complain("trunks", "grant", "trunk_x", "--tenant", "demo")
    unreadable = terminal.complain("apply", "/nowhere.yaml")
    assert "No such file" in unreadable


async def test_the_operators_pause_is_its_own(terminal: Terminal, make_tenant: MakeTenant) -> None:
    tenant = await make_tenant()
    terminal.say("trunks", "pause", tenant.trunk.id)
    (listed,) = (line for line in terminal.say("trunks", "list").splitlines() if tenant.trunk.id in line)
    assert "paused_by_operator" in listed
    call_id = tenant.placed("+15550100002")
    assert tenant.change_trunk(paused=False)["paused_reason"] == "paused_by_operator"
    assert tenant.call(call_id)["queue_state"] == "trunk_paused"
    terminal.say("trunks", "resume", tenant.trunk.id)
    tenant.wait_for_end(call_id)
    assert tenant.my_trunk()["events"][0]["reason"] == "resumed_by_operator"
    assert "trunk trunk_x not found" in terminal.complain("trunks", "pause", "trunk_x")


async def test_a_granted_tenant_keeps_to_its_own_limit(terminal: Terminal, make_tenant: MakeTenant) -> None:
    tenant = await make_tenant()
    terminal.say("trunks", "grant", tenant.trunk.id, "--tenant", tenant.id, "--max-concurrent-calls", "1")
    first, second = (tenant.placed("+15550100011") for _ in range(2))
    tenant.wait(first, lambda call: bool(call["status"] == "active"))
    tenant.wait(second, lambda call: call["queue_state"] == "at_capacity")
    assert tenant.my_trunk()["tenant_max_concurrent_calls"] == 1
    tenant.cancel(first)
    tenant.wait(second, lambda call: bool(call["status"] == "active"))
    tenant.cancel(second)


def test_dead_letters_are_shown_and_sent_again(terminal: Terminal, stack: Stack) -> None:
    sqs, outputs = client(stack.config, "sqs"), stack.outputs.values
    assert terminal.say("dead-letters", "list") == "0 dead letters"
    queues = {
        "DeadLettersUrl": stack.seed.trunk_id,
        "TestDeadLettersUrl": make_test_trunk(stack.seed.tenant_id).id,
    }
    for output, trunk_id in queues.items():
        for _ in range(2):
            sqs.send_message(QueueUrl=outputs[output], MessageBody=DialWakeup(trunk_id).to_json())
    shown = terminal.say("dead-letters", "list")
    assert [shown.count(trunk_id) for trunk_id in queues.values()] == [2, 2]
    assert shown.endswith("4 dead letters")
    assert terminal.say("dead-letters", "redrive") == f"redriven trunks: {', '.join(queues.values())}"
    assert terminal.say("dead-letters", "redrive") == "redriven trunks: none"
    for output in queues:
        left = sqs.get_queue_attributes(
            QueueUrl=outputs[output], AttributeNames=["ApproximateNumberOfMessages"]
        )
        assert left["Attributes"]["ApproximateNumberOfMessages"] == "0"


def test_help_names_every_command(terminal: Terminal) -> None:
    shown = terminal.say("--help")
    for command in ("tenants", "keys", "trunks", "agents", "apply", "calls", "livekit", "dead-letters"):
        assert command in shown
    assert "suppressions" in shown


def test_a_tenants_first_key_makes_others_and_is_listed_and_revoked(terminal: Terminal, stack: Stack) -> None:
    terminal.say("tenants", "create", "keyholder")
    first = terminal.say("keys", "create", "--tenant", "keyholder", "--requests-per-minute", "50")
    with http.client(base_url=stack.config.api_url, headers={"x-api-key": first}) as api:
        made = api.post("/api/v1/api-keys", json={"name": "child", "scopes": ["calls:read"]})
        assert made.status_code == 201, made.text
        listed = terminal.say("keys", "list", "--tenant", "keyholder")
        assert made.json()["id"] in listed
        assert "calls:read" in listed
        mine = api.get("/api/v1/api-keys").json()["data"]
        key_id = next(each["id"] for each in mine if "admin" in each["scopes"])
        terminal.say("keys", "revoke", key_id, "--tenant", "keyholder")
        assert api.get("/api/v1/api-keys").status_code == 401
    assert "API key not found" in terminal.complain("keys", "revoke", key_id, "--tenant", "keyholder")
    assert "API key not found" in terminal.complain("keys", "revoke", key_id, "--tenant", "demo")


def test_a_tenants_bounds_are_set_and_taken_away(terminal: Terminal, stack: Stack) -> None:
    terminal.say("tenants", "create", "bounded")
    key = terminal.say("keys", "create", "--tenant", "bounded")
    terminal.say("tenants", "set", "bounded", "--max-calls-a-day", "3", "--requests-per-minute", "77")
    url, headers = f"{stack.config.api_url}/api/v1/limits", {"x-api-key": key}
    limits = http.get(url, headers=headers).json()
    assert (limits["max_calls_a_day"], limits["requests_per_minute"]) == (3, 77)
    terminal.say("tenants", "set", "bounded", "--requests-per-minute", "0")
    assert http.get(url, headers=headers).json()["requests_per_minute"] == 600
    assert "set at least one limit" in terminal.run("tenants", "set", "bounded").stderr


def test_a_trunk_of_a_tenants_own_livekit_needs_one(terminal: Terminal) -> None:
    terminal.say("tenants", "create", "ownerless")
    words = ("trunks", "create", "own", "--sip-trunk-id", "ST_own", "--cps", "1", "--number", "+15550109001")
    assert "granted to that one tenant" in terminal.complain(*words, "--own-livekit")
    refused = terminal.complain(*words, "--own-livekit", "--grant", "ownerless")
    assert "the tenant has no LiveKit project of its own" in refused


def test_a_list_of_numbers_is_imported_and_bad_rows_are_named(terminal: Terminal, tmp_path: Path) -> None:
    terminal.say("tenants", "create", "quiet")
    file = tmp_path / "dnc.csv"
    numbers = [f"+1415555{n:04d}" for n in range(1200)]
    rows = ["\ufeffphone,why", *(f"{number},asked" for number in numbers), "4155552671,x", "", numbers[0]]
    file.write_text("\r\n".join(rows), encoding="utf-8")
    done = terminal.run("suppressions", "import", str(file), "--tenant", "quiet", "--reason", "register")
    assert done.returncode == 1
    assert "1200 numbers are on the list" in done.stdout
    assert "line 1202: '4155552671' is not a phone number in E.164 format" in done.stderr
    assert "1 rows were skipped" in done.stderr
    file.write_text("+14155550001\n")
    assert "1 numbers are on the list" in terminal.say(
        "suppressions", "import", str(file), "--tenant", "quiet"
    )
