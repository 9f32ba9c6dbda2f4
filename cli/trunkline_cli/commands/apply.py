"""The `trunkline apply` command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from trunkline.core.errors import InvalidRequest
from trunkline_cli.console import Stage, connect, report_errors, show_table
from trunkline_cli.declaration import ApplyOptions, apply_declaration


def apply(
    file: Annotated[
        Path, typer.Argument(help="YAML file with a tenant and its trunks, tools, agents and workflows.")
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would change, and write nothing.")
    ] = False,
    create_tenant: Annotated[
        bool, typer.Option("--create-tenant", help="Create the tenant if there is none of this name.")
    ] = False,
    change_shared_trunks: Annotated[
        bool, typer.Option("--change-shared-trunks", help="Change trunks that other tenants use, too.")
    ] = False,
    stage: Stage = "dev",
) -> None:
    """Create or update what a YAML file declares, and print what changed.

    Applying the same file again changes nothing. What the file does not name stays as it is. All of it is
    checked before anything is written.
    """
    options = ApplyOptions(create_tenant, change_shared_trunks, dry_run)
    with report_errors():
        declared = _load(file)
        if not isinstance(declared, dict):
            raise typer.BadParameter("the file must be a mapping with tenant, trunks and agents")
        results = apply_declaration(connect(stage), declared, options)
        # A new tenant's id, and ids that follow from it, are known once it is created.
        rows = [(each.kind, each.name, "" if dry_run else each.id, each.change) for each in results]
        show_table(("", "name", "id", ""), rows)


def _load(file: Path) -> Any:
    text = file.read_text()
    try:
        return yaml.safe_load(text)
    except (ValueError, RecursionError) as error:
        # PyYAML lets Python's own limits through: on digits, dates and depth.
        raise InvalidRequest(f"{file} is no valid YAML: {error}") from error
