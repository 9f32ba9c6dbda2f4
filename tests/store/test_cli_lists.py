"""The lists of the command line, with names that tenants may have."""

from __future__ import annotations

from typing import Any

import pytest
from trunkline_cli.commands import apply, keys, tenants, trunks
from trunkline_cli.main import app
from trunkline_cli.operator import Operator, repositories
from typer.testing import CliRunner

from trunkline.auth.api_key_repository import ApiKeyRepository
from trunkline.auth.api_key_service import ApiKeyService
from trunkline.core.clock import SystemClock
from trunkline.storage.table import Table
from trunkline.tenants.settings import TenantSettingsCache

NAME = "[/acme] :smile: " + "a" * 80
DECLARATION = """
tenant: "{name}"
trunks:
- {{name: "{name}", sip_trunk_id: ST_1, cps: 5, numbers: ["+15550100001"]}}
"""


@pytest.fixture
def operator(table: Table, monkeypatch: pytest.MonkeyPatch) -> Operator:
    clock, nothing = SystemClock(), type("Nothing", (), {})
    livekit: Any = nothing()
    livekit.read = lambda: type("Credentials", (), {"project": "p"})
    pepper = "p" * 32
    key_service = ApiKeyService(ApiKeyRepository(table), TenantSettingsCache(table, clock), pepper, clock)
    made = Operator(**repositories(table), keys=key_service, livekit=livekit, wakes=nothing())
    for module in (apply, keys, tenants, trunks):
        monkeypatch.setattr(module, "connect", lambda _: made)
    return made


def run(*words: str) -> str:
    result = CliRunner().invoke(app, list(words))
    assert result.exit_code == 0, (result.stderr, result.exception)
    return result.stdout


def test_lists_show_whole_names_and_ids_in_a_pipe(operator: Operator, tmp_path: Any) -> None:
    file = tmp_path / "acme.yaml"
    file.write_text(DECLARATION.format(name=NAME))
    assert NAME in run("apply", str(file), "--create-tenant")
    tenant_id = operator.tenant_id(NAME)
    shown = run("tenants", "list")
    assert NAME in shown
    assert tenant_id in shown
    assert run("keys", "create", "--tenant", NAME, "--name", NAME).startswith("as_live_")
    key = operator.list_keys(NAME)[0]
    assert key["id"] in run("keys", "list", "--tenant", NAME)
    assert NAME in run("keys", "list", "--tenant", NAME)
    listed = run("trunks", "list")
    assert NAME in listed
    assert next(operator.trunk_states()).trunk.id in listed
