"""redocly over `docs/openapi.json`: its recommended rules."""

from __future__ import annotations

from audit.tools import Finding, node_tool, read_json

DOCUMENT = "docs/openapi.json"


def lint_openapi() -> list[Finding]:
    """Lint the document."""
    report = read_json(
        node_tool("redocly", "lint", DOCUMENT, "--format", "json", "--extends", "recommended"), ok=(0, 1)
    )
    return [
        Finding("redocly", each["ruleId"], each["location"][0]["pointer"], each["message"])
        for each in report["problems"]
    ]
