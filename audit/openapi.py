"""`docs/openapi.json`: redocly's recommended rules, and changes that break clients of the last release."""

from __future__ import annotations

import json

from audit.openapi_changes import breaking_changes
from audit.tools import ROOT, Finding, node_tool, read_json

DOCUMENT = "docs/openapi.json"
RELEASED = "tests/compatibility/release/openapi.json"
"""The document of the last release, which `make keep-release` keeps."""


def lint_openapi() -> list[Finding]:
    """Lint the document."""
    report = read_json(
        node_tool("redocly", "lint", DOCUMENT, "--format", "json", "--extends", "recommended"), ok=(0, 1)
    )
    return [
        Finding("redocly", each["ruleId"], each["location"][0]["pointer"], each["message"])
        for each in report["problems"]
    ]


def find_breaking_changes() -> list[Finding]:
    """Compare the document with that of the last release."""
    old, new = (json.loads((ROOT / file).read_text()) for file in (RELEASED, DOCUMENT))
    return [Finding("openapi-changes", *change) for change in breaking_changes(old, new)]
