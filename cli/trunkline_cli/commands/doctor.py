"""The `trunkline doctor` command."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from trunkline_cli.console import report_errors, show
from trunkline_cli.local_stack import use_local_stack

_MARKS = {"ok": "✓", "skipped": "·", "warn": "!", "fail": "✗"}


def doctor(
    stage: Annotated[str, typer.Option(envvar="TRUNKLINE_STAGE", help="Stage to check.")] = "dev",
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    local: Annotated[bool, typer.Option("--local", help="Check the local stack of `make run`.")] = False,
    drift: Annotated[
        bool, typer.Option("--drift", help="Have CloudFormation detect drift; it takes a minute or two.")
    ] = False,
    url: Annotated[
        str | None,
        typer.Option("--url", envvar="TRUNKLINE_API_URL", help="URL of the API. Default: that of the stage."),
    ] = None,
) -> None:
    """Check a deployment and your access to it, and say what to fix; the exit code is 1 if a check fails."""
    with report_errors():
        if local:
            use_local_stack(os.environ, Path.cwd())
            stage, url = os.environ["TRUNKLINE_STAGE"], os.environ["TRUNKLINE_API_URL"]
        # The other commands need neither the deployment's settings nor threads.
        from trunkline_cli.doctor.check_list import Doctor, Question  # noqa: PLC0415
        from trunkline_cli.doctor.report import as_json as to_json  # noqa: PLC0415
        from trunkline_cli.doctor.report import exit_code  # noqa: PLC0415
        from trunkline_cli.doctor.runner import run_checks  # noqa: PLC0415

        reports = run_checks(Doctor(Question(stage, url, drift)).checks())
        if as_json:
            typer.echo(json.dumps(to_json(stage, reports), indent=2))
        else:
            for report in reports:
                show(f"{_MARKS[report.status]} {report.name}: {report.found}")
                if report.fix:
                    show(f"  → {report.fix}")
    raise typer.Exit(exit_code(reports))
