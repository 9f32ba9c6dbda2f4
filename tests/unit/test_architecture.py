"""The house rules: who may import whom, how long a file may be, what a settings object says."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.support.wall_time import wall_time_assertions
from trunkline.core.settings import ApiSettings, MissingSetting

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = ROOT / "layers" / "trunkline" / "python" / "trunkline"
CODE = sorted(
    path
    for folder in (
        "layers/trunkline",
        "functions",
        "infrastructure",
        "local",
        "cli",
        "agent",
        "benchmarks",
        "tests",
    )
    for path in (ROOT / folder).rglob("*.py")
    if not {"__pycache__", "documents"} & set(path.parts)
)
PURE = {
    "storage/keys/item.py",
    "storage/keys/tenants.py",
    "storage/keys/resources.py",
    "storage/keys/dialing.py",
    "storage/keys/calls.py",
    "storage/keys/webhooks.py",
    "storage/keys/automations.py",
    "storage/keys/batches.py",
    "triggers/models.py",
    "call_templates/models.py",
    "call_templates/schemas.py",
    "calls/states.py",
    "calls/reasons.py",
    "calls/models.py",
    "calls/value_objects.py",
    "calls/web_transitions.py",
    "calls/events.py",
    "livekit/dispatch_schemas.py",
    "calls/report_transitions.py",
    "calls/response_schemas.py",
    "calls/responses.py",
    "calls/queue_status.py",
    "workflows/models.py",
    "workflows/state.py",
    "core/validation.py",
    "egress/headers.py",
    "compliance/number_rules.py",
    "egress/retry_after.py",
    "tools/actions.py",
    "templating/size_limits.py",
    "tool_runtime/function_definitions.py",
    "tools/models.py",
    "tool_runtime/errors.py",
    "tools/parameters.py",
    "templating/jmespath_query.py",
    "templating/escaping.py",
    "tool_runtime/http_action.py",
    "tool_runtime/redaction.py",
    "tools/schemas.py",
    "templating/templates.py",
    "egress/address_policy.py",
    "egress/messages.py",
    "webhooks/events.py",
    "webhooks/delivery_models.py",
    "webhooks/models.py",
    "webhooks/circuit_breaker.py",
    "webhooks/retry_policy.py",
    "webhooks/signing.py",
    "webhooks/redaction.py",
    "webhooks/responses.py",
    "calls/transitions.py",
    "calls/disconnect_reasons.py",
    "calls/agent_transitions.py",
    "dial_queue/pacing.py",
    "livekit/dial_result.py",
    "dialer/apply_result.py",
    "livekit/rooms.py",
    "core/errors.py",
    "core/redaction.py",
    "core/rate_limit.py",
    "calls/test_numbers.py",
    "simulator/script.py",
    "core/pagination.py",
    "core/timestamps.py",
    "compliance/frequency_cap.py",
    "schedules/cron.py",
    "schedules/timing.py",
    "schedules/models.py",
    "triggers/authentication.py",
    "triggers/schemas.py",
    "calls/calling_policy.py",
    "batches/forecast.py",
    "batches/models.py",
    "batches/row_parser.py",
    "trunks/batch_holds.py",
    "dialer/batch_throttle.py",
    "trunks/circuit_breaker.py",
    "calls/queue_position.py",
    "trunks/models.py",
    "dialer/fair_order.py",
}
MAX_LINES = 300
EFFECTS = (
    "boto3",
    "botocore",
    "aiohttp",
    "httpx",
    "livekit.api",
    "asyncio",
    "os",
    "time",
    "random",
    "secrets",
)


def imports_of(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add(node.module or "")
    return found


def starts_with(name: str, roots: tuple[str, ...]) -> bool:
    return any(name == root or name.startswith(root + ".") for root in roots)


@pytest.mark.parametrize("module", sorted(PURE))
def test_pure_modules_do_no_io(module: str) -> None:
    bad = {name for name in imports_of(PACKAGE / module) if starts_with(name, EFFECTS)}
    assert not bad, f"{module} must stay pure, but imports {sorted(bad)}"


@pytest.mark.parametrize("module", sorted(PURE))
def test_pure_modules_import_only_pure_ones_of_ours(module: str) -> None:
    ours = {name for name in imports_of(PACKAGE / module) if name.startswith("trunkline.")}
    files = {name.removeprefix("trunkline.").replace(".", "/") + ".py" for name in ours}
    assert files <= PURE, f"{module} reaches {sorted(files - PURE)}"


def test_the_product_knows_neither_functions_nor_infrastructure_nor_the_local_stack() -> None:
    for path in PACKAGE.rglob("*.py"):
        bad = {
            name
            for name in imports_of(path)
            if starts_with(name, ("functions", "infrastructure", "local", "tests", "trunkline_cli"))
        }
        assert not bad, f"{path.relative_to(ROOT)} imports {sorted(bad)}"


def test_infrastructure_imports_no_runtime_code() -> None:
    for path in (ROOT / "infrastructure").rglob("*.py"):
        bad = {name for name in imports_of(path) if starts_with(name, ("trunkline", "functions", "local"))}
        assert not bad, f"{path.relative_to(ROOT)} imports {sorted(bad)}"


def test_only_these_modules_make_livekit_requests() -> None:
    users = {
        str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py") if "livekit.api" in imports_of(path)
    }
    assert users == {"livekit/client.py", "livekit/dispatches.py"}


def test_only_one_module_makes_requests_to_a_tenants_addresses() -> None:
    users = {str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py") if "httpx" in imports_of(path)}
    assert users == {"egress/client.py"}


def test_no_file_is_longer_than_300_lines() -> None:
    lines = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in CODE}
    assert not {path: count for path, count in lines.items() if count > MAX_LINES}, "split it"


def test_handlers_are_short() -> None:
    for path in (ROOT / "functions").rglob("handler.py"):
        assert len(path.read_text().splitlines()) <= 60, path


def test_a_missing_setting_is_named() -> None:
    environ = {"TABLE_NAME": "t", "DIAL_QUEUE_URL": "q", "LIVEKIT_SECRET_ARN": "a", "CONTEXT_KEY_ARN": "c"}
    environ |= {"DELIVERY_FLOW_ARN": "d", "OUTGOING_LOOPBACK_PORTS": "none", "API_URL": "u"}
    environ |= {"TEST_DIAL_QUEUE_URL": "t", "OWN_LIVEKIT_PREFIX": "p/", "DATA_KEY_ARN": "k"}
    environ |= {f"SCHEDULE_{name}": "s" for name in ("GROUP", "QUEUE_ARN", "ROLE_ARN")}
    environ |= {"BATCH_BUCKET": "b", "BATCH_FLOW_ARN": "f"}
    environ |= {"USER_POOL_ISSUER": "none", "USER_POOL_CLIENT_ID": "none"}
    with pytest.raises(MissingSetting, match="KEY_PEPPER_ARN"):
        ApiSettings.from_env(environ)
    assert ApiSettings.from_env(environ | {"KEY_PEPPER_ARN": "p"}).table_name == "t"


TESTS = [path for path in CODE if path.is_relative_to(ROOT / "tests")]
VIRTUAL_TIME = ROOT / "tests" / "store"


def test_no_test_asserts_on_wall_time() -> None:
    found = {
        str(path.relative_to(ROOT))
        for path in TESTS
        if wall_time_assertions(path.read_text(), loop_time_is_virtual=path.is_relative_to(VIRTUAL_TIME))
    }
    assert not found, "a duration says how busy the machine is; assert what was done"
