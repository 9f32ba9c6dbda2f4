"""cfn-lint and checkov over the templates of the stages on AWS, asl-validator over their state machines.

`prod` is also audited with its options: `cloudfront` and `domain` exclude each other, and each has some of
the others. `edge` is the stack with the web ACL.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import Stack

from audit.tools import ROOT, Finding, node_tool, python_tool, read_json, run
from infrastructure.edge_stack import EdgeStack
from infrastructure.settings import stage_settings
from infrastructure.stack import TrunklineStack

_ACCOUNT = "123456789012"
_TABLE = f"arn:aws:dynamodb:eu-central-1:{_ACCOUNT}:table/restored"
_BOTH: dict[str, Any] = {
    "domain_name": "calls.example.com",
    "hosted_zone_id": "Z0123456789ABCDEFGHIJ",
    "hosted_zone_name": "example.com",
    "permissions_boundary_arn": f"arn:aws:iam::{_ACCOUNT}:policy/boundary",
    "tags": {"team": "voice"},
    "provisioned_dialer": 5,
    "alarm_email": "on-call@example.com",
    "alarm_https_url": "https://example.com/alarms",
}
CLOUDFRONT: dict[str, Any] = _BOTH | {
    "certificate_arn": f"arn:aws:acm:us-east-1:{_ACCOUNT}:certificate/abc",
    "cloudfront": True,
    "web_acl_arn": f"arn:aws:wafv2:us-east-1:{_ACCOUNT}:global/webacl/name/id",
    "snap_start": True,
}
DOMAIN: dict[str, Any] = _BOTH | {
    "certificate_arn": f"arn:aws:acm:eu-central-1:{_ACCOUNT}:certificate/abc",
    "shifts_traffic": False,
    "provisioned_api": 10,
    "adopted_stream_arn": f"{_TABLE}/stream/2026-01-01T00:00:00.000",
}
STAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "dev": ("dev", {}),
    "prod": ("prod", {}),
    "cloudfront": ("prod", CLOUDFRONT),
    "domain": ("prod", DOMAIN),
    "edge": ("prod", {}),
}
"""What is audited: a stage, and settings of its file."""

PLAIN = ("dev", "prod")
"""The stages whose state machines are validated: an option changes none."""

_OUTPUT = ROOT / ".local" / "audit-templates"
_CFN_LINT_FOUND = (0, 2, 4, 6, 8, 10, 12, 14)
"""Bits of the exit code: https://github.com/aws-cloudformation/cfn-lint#exit-codes"""


def synthesize(name: str) -> Path:
    """Write the template of one of `STAGES`, and return its file."""
    stage, values = STAGES[name]
    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    folder = _OUTPUT / name
    app = cdk.App(context=context, outdir=str(folder), analytics_reporting=False)
    made: type[EdgeStack | TrunklineStack] = EdgeStack if name == "edge" else TrunklineStack
    stack: Stack = made(app, stage_settings(stage, values))
    app.synth()
    return folder / stack.template_file


def cfn_lint(templates: dict[str, Path]) -> list[Finding]:
    """Check against CloudFormation's own schemas of resources."""
    files = {str(file): stage for stage, file in templates.items()}
    found = read_json(python_tool("cfn-lint", "--format", "json", "--", *files), ok=_CFN_LINT_FOUND)
    return [
        Finding(
            "cfn-lint",
            each["Rule"]["Id"],
            f"{files[each['Filename']]} {_resource(each)}",
            each["Message"],
        )
        for each in found
    ]


def _resource(found: dict[str, Any]) -> str:
    path = found["Location"]["Path"] or ["-"]
    return str(path[1] if path[0] == "Resources" and len(path) > 1 else path[0])


def checkov(templates: dict[str, Path]) -> list[Finding]:
    """Check against the rules of good practice for AWS that checkov brings along; it asks no server."""
    stages = {str(file.resolve()): stage for stage, file in templates.items()}
    options = ["--framework", "cloudformation", "--compact", "--quiet", "--skip-download", "-o", "json"]
    files = [part for file in templates.values() for part in ("-f", str(file))]
    report = read_json(python_tool("checkov", *options, *files), ok=(0, 1))
    return [
        Finding(
            "checkov",
            each["check_id"],
            f"{stages[str(Path(each['file_abs_path']).resolve())]} {each['resource'].split('.')[-1]}",
            each["check_name"],
        )
        for each in report["results"]["failed_checks"]
    ]


def state_machines(template: Path) -> None:
    """Check each state machine's definition.

    Raises:
        AuditFailed: one is not valid Amazon States Language.
    """
    for name, definition in definitions(json.loads(template.read_text())).items():
        file = template.with_name(f"{name}.asl.json")
        file.write_text(json.dumps(definition))
        run(node_tool("asl-validator", "--json-path", str(file)))


def definitions(template: dict[str, Any]) -> dict[str, Any]:
    """Read the definitions of a template, with an ARN for each reference, by logical id."""
    machines = {
        name: each["Properties"]["DefinitionString"]
        for name, each in template["Resources"].items()
        if each["Type"] == "AWS::StepFunctions::StateMachine"
    }
    return {name: json.loads(_text(value)) for name, value in machines.items()}


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if "Fn::Join" in value:
        separator, parts = value["Fn::Join"]
        return str(separator).join(map(_text, parts))
    pseudo = {"AWS::Partition": "aws", "AWS::Region": "us-east-1", "AWS::AccountId": "111122223333"}
    referred = value.get("Ref", "")
    return pseudo.get(referred, f"arn:aws:lambda:us-east-1:111122223333:function:{referred}")
