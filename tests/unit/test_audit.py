"""The audits' own decisions: what is acknowledged, which licences are allowed, how definitions are read."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from audit import licences, templates
from audit.acknowledged import OPENAPI, SECRETS, TEMPLATES, Acknowledgement, judge
from audit.tools import AuditFailed, Finding, run
from infrastructure.deploy_options import DeployOptions
from infrastructure.settings import stage_settings

ROOT = Path(__file__).resolve().parents[2]
KNOWN = Acknowledgement("R1", "prod Bucket.*", "Files are there for days.")


def test_an_acknowledged_finding_passes() -> None:
    judge([Finding("checkov", "R1", "prod BucketA1")], [KNOWN])


@pytest.mark.parametrize(
    "finding", [Finding("checkov", "R1", "dev BucketA1"), Finding("checkov", "R2", "prod BucketA1")]
)
def test_another_finding_fails_and_is_named(finding: Finding) -> None:
    with pytest.raises(AuditFailed, match=f"{finding.rule}  {finding.where}"):
        judge([Finding("checkov", "R1", "prod BucketA1"), finding], [KNOWN])


def test_an_acknowledgement_without_a_finding_fails() -> None:
    with pytest.raises(AuditFailed, match="acknowledged, but not found: R1"):
        judge([], [KNOWN])


def test_every_acknowledgement_has_a_reason() -> None:
    for each in (*TEMPLATES, *SECRETS, *OPENAPI):
        assert re.fullmatch(r"[A-Z].{20,}\.", each.reason), each


def test_every_silenced_security_rule_has_its_reason() -> None:
    """`noqa: S603 - why`; in tests the reason is beside the rule in `pyproject.toml`, or here."""
    for file in run(["git", "ls-files", "*.py"]).splitlines():
        for line in (ROOT / file).read_text().splitlines() if (ROOT / file).is_file() else ():
            if re.search(r"# noqa: (\w+, )*S\d", line):
                assert re.search(r"# noqa: [\w, ]+ - \w+", line), f"{file}: {line.strip()}"


def test_every_option_of_a_deployment_is_audited() -> None:
    options = {each.name for each in fields(DeployOptions)}
    assert options <= {*templates.CLOUDFRONT, *templates.DOMAIN}
    for name, (stage, values) in templates.STAGES.items():
        assert name == stage or values or name == "edge"
        assert stage_settings(stage, values).platform != "host"


@pytest.mark.parametrize(
    "expression", ["MIT", "Apache-2.0 AND MIT", "GPL-3.0-only OR MIT", "(MIT OR Apache-2.0)", "MPL-2.0"]
)
def test_a_licence_is_allowed(expression: str) -> None:
    assert licences.is_allowed(expression)


@pytest.mark.parametrize(
    "expression", ["GPL-3.0-only", "MIT AND AGPL-3.0-or-later", "SSPL-1.0 OR BUSL-1.1", "Proprietary", ""]
)
def test_a_licence_is_refused(expression: str) -> None:
    assert not licences.is_allowed(expression)


def component(*names: dict[str, Any]) -> dict[str, Any]:
    return {"name": "package", "licenses": list(names)}


def test_metadata_in_several_words_is_one_licence() -> None:
    text = {"license": {"name": "declared license of 'x'", "text": {"content": "Apache License 2.0"}}}
    classifier = {"license": {"name": "License :: OSI Approved :: Apache Software License"}}
    assert licences.licences_of(component(text, classifier)) == ("Apache-2.0",)


def test_a_component_without_a_licence_is_refused() -> None:
    found = licences.licences_of(component({"license": {"name": "License :: OSI Approved"}}))
    assert licences.fault_of(found) == "it names no licence"


def test_one_licence_that_is_not_allowed_refuses_its_component() -> None:
    assert licences.fault_of(("GPL-2.0-only", "MIT")) == "not allowed: GPL-2.0-only"


def test_a_definition_is_read_with_an_arn_for_each_reference() -> None:
    parts = [
        '{"Resource":"arn:',
        {"Ref": "AWS::Partition"},
        ':states:::x","Function":"',
        {"Ref": "Live"},
        '"}',
    ]
    machine = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {"DefinitionString": {"Fn::Join": ["", parts]}},
    }
    found = templates.definitions({"Resources": {"Flow": machine, "Other": {"Type": "AWS::SQS::Queue"}}})
    assert found == {
        "Flow": {
            "Resource": "arn:aws:states:::x",
            "Function": "arn:aws:lambda:us-east-1:111122223333:function:Live",
        }
    }


def test_a_tool_that_fails_is_no_audit_that_passed() -> None:
    with pytest.raises(AuditFailed, match="ended with 1"):
        run(["false"])


def test_both_package_files_of_npm_have_a_version() -> None:
    """npm makes no bill of materials without one."""
    for folder in (ROOT, ROOT / "audit"):
        assert json.loads((folder / "package.json").read_text())["version"]
