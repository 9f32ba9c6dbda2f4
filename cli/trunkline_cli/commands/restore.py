"""The `trunkline restore` command."""

from __future__ import annotations

from typing import Annotated

import typer

from trunkline.core.errors import InvalidRequest
from trunkline.core.timestamps import moment_ms
from trunkline_cli.console import Stage, report_errors, show, show_error
from trunkline_cli.restore.stage_restore import Restored, open_stage_restore
from trunkline_cli.stack_outputs import stack_outputs


def restore(
    to: Annotated[
        str | None, typer.Option(help="Time to restore to, with its offset: 2026-11-28T09:30:00Z.")
    ] = None,
    table: Annotated[
        str | None, typer.Option(help="A restored table to go on with, or the name of the new one.")
    ] = None,
    restored_keys: Annotated[
        bool, typer.Option("--restored-keys", help="Have the API keys of that time, not those of now.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    stage: Stage = "dev",
) -> None:
    """Restore the stage's table to an earlier time, as a new table that the stage can adopt.

    All live trunks are paused. Calls and batches that were open at that time are ended, never dialled: they
    may have been dialled since. The stage changes over only when it is deployed with the printed command.
    """
    with report_errors():
        outputs = stack_outputs(stage)
        to_ms = _moment(to) if to else None
        if not yes:
            typer.confirm(f"Pause all live trunks of {stage}, and restore its table?", abort=True)
        restored = open_stage_restore(outputs, show).run(to_ms, table, with_keys=not restored_keys)
    _show(restored, stage)


def _moment(text: str) -> int:
    try:
        return moment_ms(text)
    except ValueError as error:
        raise InvalidRequest(f"--to {text}: {error}") from error


def _show(restored: Restored, stage: str) -> None:
    for name, count in sorted(restored.counts.items()):
        show(f"{count} {name}")
    for failure in restored.failures:
        show_error(failure)
    if restored.failures:
        show_error(f"Do not adopt {restored.table} yet: repeat this command with --table {restored.table}")
        raise typer.Exit(1)
    show(f"{restored.table} is ready. Its trunks are paused. To use it:")
    show(f'  make deploy STAGE={stage} ARGS="-c adopted_stream_arn={restored.stream_arn}"')
