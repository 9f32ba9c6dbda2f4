"""The `python -m audit` commands, each behind a target of the Makefile."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from audit import acknowledged, dependencies, licences, sbom, templates
from audit.openapi import find_breaking_changes, lint_openapi
from audit.secrets import find_secrets
from audit.tools import AuditFailed, Finding


def lint() -> None:
    """Check templates, state machines, secrets and the OpenAPI document, side by side.

    Raises:
        AuditFailed: one found something; the message has what all found.
    """
    with ThreadPoolExecutor(max_workers=4) as pool:
        checks = [pool.submit(check) for check in (_secrets, _openapi)]
        files = {stage: templates.synthesize(stage) for stage in templates.STAGES}
        found = [pool.submit(tool, files) for tool in (templates.cfn_lint, templates.checkov)]
        stages = [file for name, file in files.items() if name in templates.PLAIN]
        checks += [pool.submit(templates.state_machines, file) for file in stages]
        checks.append(pool.submit(lambda: _judge_templates([each.result() for each in found])))
        failed = [str(error) for check in checks if (error := check.exception())]
    if failed:
        raise AuditFailed("\n".join(failed))


def _secrets() -> None:
    acknowledged.judge(find_secrets(), acknowledged.SECRETS)


def _openapi() -> None:
    acknowledged.judge([*lint_openapi(), *find_breaking_changes()], acknowledged.OPENAPI)


def _judge_templates(found: list[list[Finding]]) -> None:
    acknowledged.judge([each for part in found for each in part], acknowledged.TEMPLATES)


COMMANDS: dict[str, Callable[[], object]] = {
    "lint": lint,
    "sbom": sbom.write_bills,
    "licences": licences.check,
    "dependencies": dependencies.check,
}


def main(arguments: list[str]) -> int:
    """Run a command; return 1 if it found something."""
    began = time.monotonic()
    (name,) = arguments
    try:
        COMMANDS[name]()
    except AuditFailed as failure:
        print(failure, file=sys.stderr)  # noqa: T201
        return 1
    print(f"Audit: {name} passed in {time.monotonic() - began:.0f} s")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
