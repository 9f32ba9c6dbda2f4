"""`docs/limits.md`: its numbers are those of the code."""

from __future__ import annotations

import re

import pytest

from tests.support.pages import ROOT
from trunkline.auth.api_key_repository import MAX_KEYS
from trunkline.batches.models import MAX_ROWS
from trunkline.batches.row_parser import MAX_COLUMNS
from trunkline.batches.service import MAX_JSON_BYTES, MAX_OPEN, MAX_UPLOAD_BYTES
from trunkline.call_control.call_query import MAX_LIST_WAIT_S
from trunkline.call_control.cancel_calls import MAX_CALLS
from trunkline.call_control.workflow_call_schemas import MAX_CONTEXT_BYTES
from trunkline.calls.calling_policy import MAX_ATTEMPTS
from trunkline.calls.report_schemas import MAX_TURNS, MAX_VARIABLES_BYTES
from trunkline.compliance.service import MAX_SUPPRESSIONS_PER_REQUEST
from trunkline.core.csv_reader import MAX_ROW_BYTES
from trunkline.core.metadata import MAX_METADATA_BYTES
from trunkline.core.rate_limit import DEFAULT_PER_MINUTE
from trunkline.http_api.request_body import MAX_REQUEST_BYTES
from trunkline.http_api.response_size import MAX_RESPONSE_BYTES
from trunkline.schedules.service import MAX_SCHEDULES
from trunkline.tools.actions import MAX_RETRIES, MAX_TIMEOUT_S
from trunkline.tools.schemas import MAX_ACTIONS
from trunkline.tools.secret_service import MAX_SECRETS
from trunkline.tools.service import MAX_TOOLS
from trunkline.triggers.service import MAX_TRIGGERS
from trunkline.trunks.schemas import MAX_CPS, MIN_CPS
from trunkline.webhooks.models import MAX_CONCURRENT_DELIVERIES, MAX_TENANT_DELIVERIES
from trunkline.webhooks.payload import MAX_PAYLOAD_BYTES
from trunkline.webhooks.repository import MAX_ENDPOINTS
from trunkline.webhooks.schemas import MAX_RATE_PER_S, MAX_WEBHOOK_HEADERS
from trunkline.workflows.service import MAX_WORKFLOWS

KB, MB = 1024, 1024 * 1024

# (section, what) -> how the limit begins
LIMITS = {
    ("Requests", "requests of a key in a clock minute"): f"{DEFAULT_PER_MINUTE},",
    ("Requests", "a body"): f"{MAX_REQUEST_BYTES // KB} KB",
    ("Requests", "a response"): f"{MAX_RESPONSE_BYTES // MB} MB",
    ("Requests", "`wait`"): f"{MAX_LIST_WAIT_S} s",
    ("Calls", "calls per second of a trunk"): f"its `cps`: {MIN_CPS} to {MAX_CPS}",
    ("Calls", "`metadata`"): f"{MAX_METADATA_BYTES // KB} KB",
    ("Calls", "`user_context`"): f"{MAX_CONTEXT_BYTES // KB} KB",
    ("Calls", "redials"): f"{MAX_ATTEMPTS} attempts",
    ("Calls", "`POST /calls/cancel`"): f"{MAX_CALLS} calls",
    ("Batches", "rows"): f"{MAX_ROWS:,}",
    ("Batches", "an upload"): f"{MAX_UPLOAD_BYTES // MB} MB, or {MAX_JSON_BYTES // MB} MB",
    ("Batches", "a row"): f"{MAX_ROW_BYTES // KB} KB, {MAX_COLUMNS:,} columns",
    ("Batches", "batches that are not imported yet"): f"{MAX_OPEN} ",
    ("What a tenant can have", "workflows"): f"{MAX_WORKFLOWS:,} ",
    ("What a tenant can have", "API keys"): f"{MAX_KEYS} ",
    ("What a tenant can have", "webhooks"): f"{MAX_ENDPOINTS} ",
    ("What a tenant can have", "tools"): f"{MAX_TOOLS} ",
    ("What a tenant can have", "secrets of tools"): f"{MAX_SECRETS} ",
    ("What a tenant can have", "triggers"): f"{MAX_TRIGGERS} ",
    ("What a tenant can have", "schedules"): f"{MAX_SCHEDULES} ",
    ("What a tenant can have", "numbers in one `POST /suppressions`"): f"{MAX_SUPPRESSIONS_PER_REQUEST:,}",
    ("Webhooks", "a body"): f"{MAX_PAYLOAD_BYTES // KB} KB",
    (
        "Webhooks",
        "requests in flight",
    ): f"{MAX_CONCURRENT_DELIVERIES} to one webhook, {MAX_TENANT_DELIVERIES} ",
    ("Webhooks", "`rate_limit_per_s`"): f"1 to {MAX_RATE_PER_S}",
    ("Webhooks", "headers of your own"): f"{MAX_WEBHOOK_HEADERS} ",
    ("Agents and tools", "a request with reports"): f"256 KB, 100 reports, {MAX_TURNS:,} turns",
    ("Agents and tools", "variables"): f"{MAX_VARIABLES_BYTES // KB} KB",
    ("Agents and tools", "actions of a tool"): f"{MAX_ACTIONS} ",
    ("Agents and tools", "a tool's request"): f"{MAX_TIMEOUT_S} s for each try, {MAX_RETRIES} retries",
}


@pytest.mark.parametrize(("where", "limit"), LIMITS.items(), ids=[" ".join(where) for where in LIMITS])
def test_the_page_has_the_limit_of_the_code(where: tuple[str, str], limit: str) -> None:
    section, what = where
    text = (ROOT / "docs" / "limits.md").read_text()
    part = text.partition(f"## {section}\n")[2].partition("\n## ")[0]
    row = re.search(rf"^\| {re.escape(what)} \| (.*)\|$", part, re.MULTILINE)
    assert row, f"no row for {what}"
    assert row[1].startswith(limit), row[0]
