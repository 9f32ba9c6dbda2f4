"""The examples, as they are in their folder, against the deployed stack."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import httpx

from local.config import ROOT
from tests.support.tenant import Tenant

EXAMPLES = Path(ROOT) / "examples"


def test_a_csv_campaign(tenant: Tenant) -> None:
    folder = EXAMPLES / "campaign"
    environment = {
        "PATH": os.environ["PATH"],
        "API": tenant.stack.config.api_url,
        "KEY": tenant.create_key(livemode=False),
        "AGENT_ID": tenant.agent.id,
    }
    done = subprocess.run(
        [str(folder / "campaign.sh"), str(folder / "appointments.csv")],
        capture_output=True,
        timeout=120,
        check=False,
        env=environment,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "'calls': 2" in done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [(row["id"], row["status"], row["error_type"]) for row in rows] == [
        ("p-1", "completed", ""),
        ("p-2", "failed", ""),
        ("p-3", "refused", "duplicate"),
        ("p-4", "refused", "invalid_request"),
    ]


def scheduled(api: httpx.Client, name: str) -> dict[str, Any]:
    wish = json.loads((EXAMPLES / "cron" / name).read_text())
    made = api.post("/api/v1/schedules", json=wish)
    assert made.status_code == 201, made.text
    return dict(made.json())


def test_a_schedule_in_the_cron_scripts_place(tenant: Tenant) -> None:
    api = tenant.client(livemode=False)
    wish = {"slug": "daily-health-check", "entry_agent": "Ada"}
    tenant.api.post("/api/v1/workflows", json=wish).raise_for_status()
    schedule = scheduled(api, "schedule.json")
    assert len(schedule["next_runs"]) == 5
    ran = api.post(f"/api/v1/schedules/{schedule['id']}/run").json()
    call = api.get(f"/api/v1/calls/{ran['call_id']}").json()
    assert (call["workflow_slug"], call["user_id"]) == ("daily-health-check", "user-7")
    assert call["data"]["metadata"]["schedule"] == "daily-9am"
